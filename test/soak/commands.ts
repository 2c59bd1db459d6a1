/** What an operator runs beside a server while it is soaked: imports, and `verify`. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kit/process.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

const IMPORT_LINES = 200;

/** A command of the CLI, on the same database, to its end. */
function runCli(world: World, args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'refundry.mjs'), ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: world.postgres.url, REFUNDRY_LANES: '1' },
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve) => child.on('exit', (code) => resolve({ code, said })));
}

export class Commands {
  readonly #world: World;
  readonly #tally: Tally;
  /** Files whose import did not come to its end. */
  readonly #unfinished: { readonly file: string; readonly merchantId: string }[] = [];
  #files = 0;
  readonly #heads: string;

  constructor(world: World, tally: Tally) {
    this.#world = world;
    this.#tally = tally;
    this.#heads = join(world.folder, 'heads.json');
  }

  /** Imports another file; what did not come to its end in a bad moment is run again first, as the documentation says. */
  async importSome(merchantId: string): Promise<void> {
    const again = this.#unfinished.shift();
    const one = again ?? { file: this.#write(), merchantId };
    const { code, said } = await runCli(this.#world, ['import', one.file, '--merchant', one.merchantId]);
    if (code === 0) this.#tally.imported += IMPORT_LINES;
    else if (code === 1) this.#tally.violate(`an import was rejected: ${said.slice(0, 500)}`);
    else this.#unfinished.push(one);
  }

  async finishImports(): Promise<void> {
    for (let attempt = 0; attempt < 20 && this.#unfinished.length > 0; attempt += 1) await this.importSome('');
    if (this.#unfinished.length > 0)
      this.#tally.violate(`${this.#unfinished.length} imports did not come to their end`);
    const [row] = await this.#world.postgres.run<{ payments: number }>(
      `SELECT count(*)::int AS payments FROM payment_reference WHERE namespace = 'native.reference' AND value LIKE 'import-%'`,
    );
    if (row?.payments !== this.#files * IMPORT_LINES)
      this.#tally.violate(`${this.#files} files of ${IMPORT_LINES} lines made ${row?.payments} payments`);
  }

  /** Proves the books, and that what they said when this was last asked is still in them. */
  async verify(): Promise<void> {
    const against = existsSync(this.#heads) ? ['--against', this.#heads] : [];
    const { code, said } = await runCli(this.#world, ['verify', '--heads', this.#heads, ...against]);
    if (code === 0) this.#tally.verifications += 1;
    // 2: it could not look, which is no finding.
    else if (code === 1) this.#tally.violate(`verify: ${said.slice(0, 1_000)}`);
  }

  #write(): string {
    this.#files += 1;
    const file = join(this.#world.folder, `import-${this.#files}.csv`);
    const lines = Array.from({ length: IMPORT_LINES }, (_, line) => `10.00,USD,import-${this.#files}-${line}`);
    writeFileSync(file, ['amount,currency,native.reference', ...lines, ''].join('\n'));
    return file;
  }
}
