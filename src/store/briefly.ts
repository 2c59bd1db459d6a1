/** Reads that may meet more rows than anybody waits for: they end in time, and with them their snapshot. */
import pg from 'pg';

/** No snapshot may live longer than a second: the rows that refunds change most could not be pruned meanwhile. */
const BRIEF_MS = 900;
/** PostgreSQL's `query_canceled`. */
const CANCELED = '57014';

/** The rows of one statement; `null` when it had not come to its end in time. */
export async function briefly<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  query: pg.QueryConfig,
): Promise<Row[] | null> {
  const client = await pool.connect();
  // Sent together: one round trip.
  const [, , asked, ended] = await Promise.allSettled([
    client.query('BEGIN READ ONLY'),
    client.query({
      name: 'briefly',
      text: `SELECT set_config('statement_timeout', $1, true)`,
      values: [String(BRIEF_MS)],
    }),
    client.query<Row>(query),
    client.query('COMMIT'),
  ]);
  client.release(ended.status === 'rejected');
  if (asked.status === 'fulfilled') return asked.value.rows;
  if (asked.reason instanceof pg.DatabaseError && asked.reason.code === CANCELED) return null;
  throw asked.reason;
}
