/** Worlds of fixed seeds; `npm run simulate` lives through as many more as there is time for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './world.ts';

const WORLDS = 50;

/** Worlds in which something was violated once. */
const FOUND = new Map([
  [454, 'whoever was left of a batch that the database refused was taken for the culprit, which had been answered'],
  [666, 'the same, in another way'],
]);

test('whatever goes wrong, what was acknowledged is there once, and what was not can be asked again', async () => {
  const counts: Record<string, number> = {};
  for (let seed = 1; seed <= WORLDS; seed += 1) {
    const report = await simulate(seed);
    assert.deepEqual(report.violations, [], `npm run simulate -- --seed ${seed}`);
    for (const [what, count] of Object.entries(report.counts)) counts[what] = (counts[what] ?? 0) + count;
  }
  for (const [what, atLeast] of Object.entries({
    'refunds acknowledged': 750,
    'answered again': 400,
    'not known at first': 400,
    'refused by the database': 15,
    'cut before it arrives': 25,
    'cut, and it arrives': 25,
    'cut, and it arrives late': 25,
    silence: 25,
    'commits refused': 5,
    'servers killed': 150,
    'database crashes': 150,
    'clocks turned': 150,
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
