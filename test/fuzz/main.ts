/** `npm run fuzz -- --seed N --minutes M`: every endpoint of every protocol, asked wrongly in every way. */
import { existsSync } from 'node:fs';
import pg from 'pg';
import { migrate } from '../../src/store/migrate.ts';
import { startCluster, TEST_BUCKETS } from '../kit/database.ts';
import { longRun } from '../kit/long-run.ts';
import { fuzz } from './run.ts';

/** A million requests, where nothing else is done meanwhile. */
const DEFAULT_MINUTES = 15;
const SIZE = { lines: 32, whole: 12_000, broken: 900, slow: 16, rounds: Number.POSITIVE_INFINITY };

// What is asked here matters, not where its rows are: in memory, where there is one for files.
if (process.env['TMPDIR'] === undefined && existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';

await longRun('fuzz', DEFAULT_MINUTES, async (run) => {
  const cluster = await startCluster();
  try {
    const client = new pg.Client(cluster.settings);
    await client.connect();
    await client.query('CREATE DATABASE fuzz');
    await client.end();
    const database = { ...cluster.settings, database: 'fuzz' };
    await migrate(database, TEST_BUCKETS);
    return await fuzz(database, SIZE, run);
  } finally {
    await cluster.stop();
  }
});
