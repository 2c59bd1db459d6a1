/** Somebody who takes every connection that a PostgreSQL has left, and holds on to them. */
import pg from 'pg';
import type { DatabaseSettings } from '../../src/store/connection.ts';

/** PostgreSQL's `too_many_connections`. */
const TOO_MANY = '53300';

export class Hoard {
  readonly #database: DatabaseSettings;
  readonly #held: pg.Client[] = [];

  constructor(database: DatabaseSettings) {
    this.#database = database;
  }

  get size(): number {
    return this.#held.length;
  }

  /** Takes what is free, and then all that go by a name that begins so, however often they come back. */
  async takeFrom(name: string): Promise<void> {
    await this.#takeFree();
    const [first] = this.#held;
    if (first === undefined) throw new Error('there was no connection to be had from the beginning');
    for (;;) {
      const { rowCount } = await first.query(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE starts_with(application_name, $1) AND datname = current_database()`,
        [name],
      );
      await this.#takeFree();
      if (rowCount === 0) return;
    }
  }

  async release(): Promise<void> {
    await Promise.all(this.#held.splice(0).map((client) => client.end().catch(() => undefined)));
  }

  async #takeFree(): Promise<void> {
    for (;;) {
      const client = new pg.Client({ ...this.#database, application_name: 'hoard', connectionTimeoutMillis: 5_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
      } catch (error) {
        await client.end().catch(() => undefined);
        if ((error as { code?: unknown }).code === TOO_MANY) return;
        throw error;
      }
      this.#held.push(client);
    }
  }
}
