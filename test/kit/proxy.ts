/**
 * A PostgreSQL behind a bad line: a proxy, on a socket or a port of its own, that cuts connections at the moments that
 * matter. What passes is recognised by what it says, so that a test names a moment and not a time.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket, connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseSettings } from '../../src/store/connection.ts';

/** How the line breaks around a COMMIT. */
export const CUTS = [
  /** Before any of it reaches the server. */
  'before commit',
  /** In the middle of the word: the server has all else of the batch. */
  'amid commit',
  /** The server has it; the line breaks when its answer would come back. */
  'after commit',
  /** The answer comes back in part. */
  'amid answer',
  /** The line breaks at once, and what was sent arrives all the same, `lateMs` later. */
  'late commit',
  /** The server has it, and the client sees an orderly end instead of an answer. */
  'end to client',
  /** The server has it, and sees an orderly end after it; its answer comes back. */
  'end to server',
] as const;
export type Cut = (typeof CUTS)[number];

const COMMIT = 'COMMIT\0';

export class Proxy {
  readonly settings: DatabaseSettings;
  readonly #upstream: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut: Cut | null = null;
  #cuts = 0;
  #onCut: () => void = () => undefined;
  /** Connections are refused while this is set. */
  isDown = false;
  /** How long each piece is held up, in each direction. */
  delayMs = 0;
  /** How much later a late COMMIT arrives. */
  lateMs = 400;

  private constructor(database: DatabaseSettings, settings: DatabaseSettings, server: Server) {
    this.settings = settings;
    this.#upstream = `${database.host ?? ''}/.s.PGSQL.${database.port ?? 5432}`;
    this.#server = server;
    server.on('connection', (client: Socket) => this.#connect(client));
  }

  get cuts(): number {
    return this.#cuts;
  }

  /** Breaks the next connection that sends COMMIT; resolves when it has. */
  cutNext(cut: Cut): Promise<void> {
    this.#cut = cut;
    return new Promise((resolve) => {
      this.#onCut = resolve;
    });
  }

  /** Breaks every connection now. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.cutAll();
  }

  /** On a socket, until the test file ends. */
  static async open(database: DatabaseSettings): Promise<Proxy> {
    const folder = await mkdtemp(join(tmpdir(), `proxy-${randomBytes(2).toString('hex')}-`));
    const server = createServer();
    const proxy = new Proxy(database, { ...database, host: folder }, server);
    await new Promise<void>((resolve) => server.listen(`${folder}/.s.PGSQL.${database.port ?? 5432}`, resolve));
    after(() => {
      proxy.close();
      rmSync(folder, { recursive: true, force: true });
    });
    return proxy;
  }

  /** On a port of the loopback, until it is closed. */
  static async listen(database: DatabaseSettings): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Proxy(database, { ...database, host: '127.0.0.1', port }, server);
  }

  #connect(client: Socket): void {
    if (this.isDown) {
      client.destroy();
      return;
    }
    const upstream = connectSocket(this.#upstream);
    const ends = { parted: false };
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (ends.parted) return;
        client.destroy();
        upstream.destroy();
      });
    }
    const toServer = this.#forward(upstream);
    const toClient = this.#forward(client);
    client.on('data', (chunk) => {
      const at = this.#cut === null ? -1 : chunk.indexOf(COMMIT);
      if (this.#cut === null || at < 0) {
        toServer(chunk);
        return;
      }
      const cut = this.#cut;
      this.#cut = null;
      this.#cuts += 1;
      this.#break(cut, client, upstream, chunk, at + 3, ends);
      this.#onCut();
    });
    upstream.on('data', toClient);
  }

  /** `ends.parted`: from then on the two ends close by themselves, each when it is through. */
  #break(cut: Cut, client: Socket, upstream: Socket, chunk: Buffer, amid: number, ends: { parted: boolean }): void {
    const answered = (then: (answer: Buffer) => void): void => {
      upstream.removeAllListeners('data');
      upstream.on('data', then);
    };
    switch (cut) {
      case 'before commit':
        client.destroy();
        return;
      case 'amid commit':
        ends.parted = true;
        upstream.end(chunk.subarray(0, amid));
        client.destroy();
        return;
      case 'after commit':
        answered(() => client.destroy());
        upstream.write(chunk);
        return;
      case 'amid answer':
        answered((answer) => {
          const at = answer.indexOf(COMMIT);
          if (at < 0) client.write(answer);
          else client.write(answer.subarray(0, at + 3), () => client.destroy());
        });
        upstream.write(chunk);
        return;
      case 'late commit':
        ends.parted = true;
        client.destroy();
        answered(() => upstream.end());
        setTimeout(() => upstream.write(chunk), this.lateMs);
        return;
      case 'end to client':
        ends.parted = true;
        answered(() => upstream.end());
        upstream.write(chunk);
        client.end();
        client.on('data', () => undefined);
        return;
      case 'end to server':
        upstream.end(chunk);
        return;
    }
  }

  /** Passes on at once, or one piece after the other while the line is slow. */
  #forward(to: Socket): (chunk: Buffer) => void {
    let waiting = 0;
    let last = Promise.resolve();
    return (chunk) => {
      if (waiting === 0 && this.delayMs === 0) {
        to.write(chunk);
        return;
      }
      waiting += 1;
      last = last.then(async () => {
        await sleep(this.delayMs);
        waiting -= 1;
        to.write(chunk);
      });
    };
  }
}
