/**
 * A PostgreSQL behind a bad line: a proxy on a socket of its own that cuts connections at the moments that matter. What
 * passes is counted by what it says, so that a test names a moment and not a time.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Socket, connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { DatabaseSettings } from '../../src/store/connection.ts';

/** When the line breaks: before COMMIT reaches the server, or after it did and before its answer comes back. */
export type Cut = 'before commit' | 'after commit';

export class Proxy {
  readonly settings: DatabaseSettings;
  #cut: Cut | null = null;
  #cuts = 0;
  /** Connections are refused while this is set. */
  isDown = false;
  readonly #sockets = new Set<Socket>();

  private constructor(settings: DatabaseSettings) {
    this.settings = settings;
  }

  get cuts(): number {
    return this.#cuts;
  }

  /** Breaks the next connection that sends COMMIT. */
  cutNext(cut: Cut): void {
    this.#cut = cut;
  }

  /** Breaks every connection now. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  static async open(database: DatabaseSettings): Promise<Proxy> {
    const folder = await mkdtemp(join(tmpdir(), `proxy-${randomBytes(2).toString('hex')}-`));
    const port = database.port ?? 5432;
    const proxy = new Proxy({ ...database, host: folder });
    const server = createServer((client) => {
      if (proxy.isDown) {
        client.destroy();
        return;
      }
      const upstream = connectSocket(`${database.host ?? ''}/.s.PGSQL.${port}`);
      for (const socket of [client, upstream]) {
        proxy.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          proxy.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.on('data', (chunk) => {
        if (proxy.#cut === null || !chunk.includes('COMMIT\0')) {
          upstream.write(chunk);
          return;
        }
        const cut = proxy.#cut;
        proxy.#cut = null;
        proxy.#cuts += 1;
        if (cut === 'before commit') {
          client.destroy();
          return;
        }
        upstream.removeAllListeners('data');
        upstream.on('data', () => client.destroy());
        upstream.write(chunk);
      });
      upstream.on('data', (chunk) => client.write(chunk));
    });
    await new Promise<void>((resolve) => server.listen(`${folder}/.s.PGSQL.${port}`, resolve));
    after(() => {
      server.close();
      proxy.cutAll();
      rmSync(folder, { recursive: true, force: true });
    });
    return proxy;
  }
}
