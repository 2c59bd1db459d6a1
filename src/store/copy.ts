/**
 * Rows as PostgreSQL has them: `COPY … TO STDOUT (FORMAT binary)`, each row's bytes looked at where the driver received
 * them. To make values of them, and objects of these, costs several times what the database needs to send them.
 */
import pg from 'pg';

/** A signature, flags, and the length of an extension that there is none of: before the first row. */
const HEADER_BYTES = 19;
/** In place of the number of fields: the end. */
const TRAILER = -1;

/** Looks at one row: `at` is where its first field begins. The bytes are another row's when it returns. */
export type OnRow = (bytes: Buffer, at: number) => void;

class Copy extends pg.Query {
  readonly #onRow: OnRow;
  #hasBegun = false;
  /** What went wrong while a row was looked at: thrown inside the driver, it would end the process. */
  failure: unknown = null;

  constructor(text: string, onRow: OnRow, done: (error: Error | null) => void) {
    super(text, done);
    this.#onRow = onRow;
  }

  /** Called by the driver for each row: PostgreSQL sends one in a message. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const at = this.#hasBegun ? 0 : HEADER_BYTES;
    this.#hasBegun = true;
    if (this.failure !== null || chunk.readInt16BE(at) === TRAILER) return;
    try {
      this.#onRow(chunk, at + 2);
    } catch (error) {
      this.failure = error;
    }
  }
}

const PARAMETER = /\$(\d)/g;

/**
 * Runs a SELECT whose `$1`, `$2` … are `values`, and calls `onRow` for each of its rows. Rejects with what `onRow` threw, or
 * with the database's error.
 */
export async function copyRows(
  pool: pg.Pool,
  select: string,
  values: readonly (string | number)[],
  onRow: OnRow,
): Promise<void> {
  // COPY takes no parameters.
  const text = select.replaceAll(PARAMETER, (_match, number: string) =>
    pg.escapeLiteral(String(values[Number(number) - 1] ?? '')),
  );
  const client = await pool.connect();
  let failure: unknown;
  try {
    failure = await new Promise<unknown>((resolve, reject) => {
      const copy: Copy = new Copy(`COPY (${text}) TO STDOUT (FORMAT binary)`, onRow, (error) => {
        if (error === undefined || error === null) resolve(copy.failure);
        else reject(error);
      });
      client.query(copy);
    });
  } catch (error) {
    client.release(true);
    throw error;
  }
  client.release();
  if (failure !== null) throw failure instanceof Error ? failure : new Error('a row was not read', { cause: failure });
}
