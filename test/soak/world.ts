/** What is soaked: a real `refundry serve` on a PostgreSQL of its own, on a small disk where that can be had, behind a line that can be slow. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Action } from '../../src/core/command.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import { type CredentialRequest, issueCredential } from '../../src/dialects/issue.ts';
import { Engine } from '../../src/engine/engine.ts';
import { newUser } from '../../src/engine/users.ts';
import { OwnPostgres } from '../adversity/postgres.ts';
import { type LogLine, Served } from '../adversity/served.ts';
import { SmallDisk } from '../adversity/small-disk.ts';
import { PASSWORD } from '../kit/console.ts';
import { Proxy } from '../kit/proxy.ts';
import type { HttpAnswer, HttpRequest, IssuedTo } from '../kit/server.ts';

const BUCKETS = 4;
export const LANES = 2;
const DISK_MB = 768;
/** Behind the engine's own deadline: whoever has no answer by then has been forgotten. */
const PATIENCE_MS = 30_000;

export class World {
  readonly postgres: OwnPostgres;
  readonly proxy: Proxy;
  readonly served: Served;
  /** Where disk full is to be had; else why not. */
  readonly disk: SmallDisk | string;
  readonly folder: string;
  readonly #engine: Engine;

  private constructor(
    folder: string,
    disk: SmallDisk | string,
    postgres: OwnPostgres,
    parts: { readonly proxy: Proxy; readonly served: Served; readonly engine: Engine },
  ) {
    this.folder = folder;
    this.disk = disk;
    this.postgres = postgres;
    this.proxy = parts.proxy;
    this.served = parts.served;
    this.#engine = parts.engine;
  }

  static async make(onLine: (line: LogLine) => void): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'refundry-soak-'));
    await chmod(folder, 0o755);
    const disk = SmallDisk.mount(join(folder, 'disk'), DISK_MB);
    const postgres = await OwnPostgres.make(typeof disk === 'string' ? join(folder, 'home') : disk.folder, BUCKETS, {
      max_connections: '40',
      // What is not needed any more goes soon: the disk is small.
      min_wal_size: '32MB',
      max_wal_size: '64MB',
    });
    const proxy = await Proxy.listen(postgres.settings);
    const { user = '', database = '', port } = proxy.settings;
    const served = await Served.start({
      database: `postgres://${user}@127.0.0.1:${port}/${database}`,
      folder,
      env: { REFUNDRY_LANES: String(LANES) },
      onLine,
    });
    return new World(folder, disk, postgres, {
      proxy,
      served,
      engine: await Engine.open(postgres.settings, { lanes: 1 }),
    });
  }

  get url(): string {
    return this.served.url;
  }

  /** One request to the server. Rejects when there was no answer. */
  async send({ method = 'POST', path, headers = {}, body }: HttpRequest): Promise<HttpAnswer> {
    const answer = await fetch(this.url + path, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? new TextEncoder().encode(body) : body.slice() }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  }

  async merchant(policy: Partial<Policy> = {}): Promise<string> {
    const merchantId = this.#engine.newMerchantId();
    await this.#command(merchantId, {
      kind: 'create_merchant',
      name: 'Soaked Ltd',
      policy: { ...OPEN_POLICY, ...policy },
    });
    return merchantId;
  }

  async credential(
    merchantId: string | null,
    request: Omit<CredentialRequest, 'role' | 'label'> & { role?: 'merchant' | 'admin' | 'read' },
  ): Promise<IssuedTo> {
    const { credential, secrets } = issueCredential({ role: 'merchant', label: 'soak', ...request });
    const id = await this.#command(merchantId, { kind: 'create_credential', credential });
    return { id, merchantId, lookup: credential.lookup, secrets };
  }

  async user(name: string): Promise<void> {
    const credential = await newUser({ name, role: 'admin', label: 'soak', password: PASSWORD });
    await this.#command(null, { kind: 'create_credential', credential });
  }

  /** After the setting up: from now on only the server writes. */
  async settled(): Promise<void> {
    await this.#engine.close();
  }

  async end(): Promise<void> {
    await this.served.stop('SIGTERM');
    this.proxy.close();
    await this.postgres.stop('SIGQUIT');
    if (typeof this.disk !== 'string') this.disk.unmount();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #command(merchantId: string | null, action: Action): Promise<string> {
    const outcome = await this.#engine.execute({
      merchantId,
      actor: 'cli:soak',
      protocol: 'native',
      requestId: randomUUID(),
      idempotencyKey: null,
      protocolPolicy: null,
      action,
    });
    if (outcome.refusal !== null) throw new Error(outcome.refusal.message);
    return outcome.credential?.id ?? outcome.merchant?.id ?? '';
  }
}
