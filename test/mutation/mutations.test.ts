/** The mistakes of `npm run mutate` can still be made: the source says what they change. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../kit/process.ts';
import { MUTATIONS } from './mutations.ts';
import { SUITES } from './suites.ts';

for (const { name, file, from, caughtBy } of MUTATIONS) {
  test(`“${name}” can be made`, () => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    assert.equal(source.split(from).length, 2, `${file} must say once: ${from}`);
    assert.ok(caughtBy.length > 0 && caughtBy.every((suite) => suite in SUITES));
  });
}

test('every suite must catch some', () => {
  const catching = new Set(MUTATIONS.flatMap(({ caughtBy }) => caughtBy));
  assert.deepEqual(
    Object.keys(SUITES).filter((suite) => !catching.has(suite)),
    [],
  );
});
