/** A process whose clock is wrong: the books' time never goes back, so it must not be moved ahead. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Books } from '../kit/books.ts';
import { createDatabase } from '../kit/database.ts';

const database = await createDatabase();

/** Opens the books while this process's clock is so far off; returns what was warned of. */
async function openWithClock(t: TestContext, offMs: number): Promise<string[]> {
  const troubles: string[] = [];
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + offMs });
  try {
    await Books.open({ lanes: 1, observer: { trouble: (message) => troubles.push(message) } }, database);
  } finally {
    t.mock.timers.reset();
  }
  return troubles;
}

test('a clock that is more than a minute ahead of PostgreSQL’s is refused', async (t) => {
  await assert.rejects(openWithClock(t, 75_000), {
    message: /^This machine's clock is 7\d s ahead of PostgreSQL's: .* more than 60 s ahead\./,
  });
});

test('a clock that is seconds ahead or behind is warned of, one that is right is not', async (t) => {
  assert.match((await openWithClock(t, 20_000)).join(), /^this machine's clock is (?:1\d|20) s ahead of PostgreSQL's/);
  assert.match((await openWithClock(t, -90_000)).join(), /^this machine's clock is 9\d s behind PostgreSQL's/);
  assert.deepEqual(await openWithClock(t, 0), []);
  assert.deepEqual(await openWithClock(t, 4_000), []);
});
