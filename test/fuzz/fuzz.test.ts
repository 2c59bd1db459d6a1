/** A short run of `npm run fuzz` with a seed of its own: every protocol is asked, wrongly in every way, and nothing gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDatabase } from '../kit/database.ts';
import { fuzz } from './run.ts';

const SIZE = { lines: 8, whole: 1_600, broken: 160, slow: 3, rounds: 1 };
const SEED = 6;

test('whatever is sent is answered in shape, nothing comes of what is no request, and the server goes on working', async () => {
  const run = { seed: SEED, hasTime: () => true, progress: () => undefined };
  const { counts, violations } = await fuzz(await createDatabase(), SIZE, run);
  assert.deepEqual(violations, [], `npm run fuzz -- --seed ${SEED}`);
  // What is asked must not have become harmless.
  assert.ok((counts['requests'] ?? 0) >= 1_700, `${counts['requests']} requests`);
  for (const what of [
    'accepted',
    'refused',
    'broken',
    'slow',
    'journal entries',
    'refused, 400',
    'refused, 401',
    'refused, 409',
  ])
    assert.ok((counts[what] ?? 0) > 0, `none ${what}`);
});
