/** One fault of every kind, in an order drawn from a fixed seed. `npm run crash` does the same for as long as one likes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../kit/random.ts';
import { type Fault, FAULTS } from './faults.ts';
import { crash } from './run.ts';

const SEED = 7;

function shuffled(faults: readonly Fault[], random: Random): Fault[] {
  const rest = [...faults];
  return faults.map(() => {
    const [fault] = rest.splice(random.between(0, rest.length - 1), 1);
    if (fault === undefined) throw new Error('fewer faults than there are');
    return fault;
  });
}

test('whatever is killed, stopped or cut off: what was acknowledged is there once, what was not converges, and it goes on by itself', async (context) => {
  const { counts, violations } = await crash({
    seed: SEED,
    faults: shuffled(FAULTS, new Random(SEED)),
    hasTime: () => true,
    progress: () => undefined,
    checkEvery: 8,
    longestStopMs: 400,
  });
  context.diagnostic(
    `seed ${SEED}: ${Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ')}`,
  );
  assert.deepEqual(violations, []);
  assert.equal(counts['faults'], FAULTS.length);
  assert.ok((counts['commands acknowledged'] ?? 0) > 0);
  assert.ok((counts['without an answer'] ?? 0) > 0, 'some answers must have been lost');
});
