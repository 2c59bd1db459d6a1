/** Worlds of fixed seeds; `npm run simulate` lives through as many more as there is time for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './world.ts';

const WORLDS = 150;

/** Worlds in which something was violated once. */
const FOUND = new Map([
  [
    185,
    'whoever was left of a batch that the database refused was taken for the culprit: the culprit had been answered',
  ],
  [414, 'the same, of a larger batch'],
]);

test('whatever goes wrong, what was acknowledged is there once, and what was not can be asked again', async () => {
  const counts: Record<string, number> = {};
  for (let seed = 1; seed <= WORLDS; seed += 1) {
    const report = await simulate(seed);
    assert.deepEqual(report.violations, [], `npm run simulate -- --seed ${seed}`);
    for (const [what, count] of Object.entries(report.counts)) counts[what] = (counts[what] ?? 0) + count;
  }
  for (const [what, atLeast] of Object.entries({
    'refunds acknowledged': 2_000,
    'answered again': 1_000,
    'not known at first': 1_000,
    'refused by the database': 50,
    'cut before it arrives': 50,
    'cut, and it arrives': 50,
    'cut, and it arrives late': 50,
    silence: 50,
    'commits refused': 10,
    'servers killed': 500,
    'database crashes': 500,
    'clocks turned': 500,
  })) {
    assert.ok((counts[what] ?? 0) >= atLeast, `${what}: ${counts[what] ?? 0}, meant are ${atLeast}`);
  }
});

for (const [seed, story] of FOUND) {
  test(`world ${seed}: ${story}`, async () => {
    assert.deepEqual((await simulate(seed)).violations, []);
  });
}

test('the same seed is the same world', async () => {
  assert.deepEqual(await simulate(7), await simulate(7));
});
