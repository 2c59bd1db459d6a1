/** The contract: every scenario, through every dialect of the registry and one more, over HTTP, on real PostgreSQL. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS } from '../../src/dialects/index.ts';
import { TestServer } from '../kit/server.ts';
import { AMOUNTS } from './scenarios/amounts.ts';
import { KEYS } from './scenarios/keys.ts';
import { overload } from './scenarios/overload.ts';
import { REFUNDS } from './scenarios/refunds.ts';
import { REQUESTS } from './scenarios/requests.ts';
import { RULES } from './scenarios/rules.ts';
import { sixth } from './sixth/index.ts';
import { speakerOf } from './speakers.ts';
import { Stage } from './stage.ts';

const dialects = [...DIALECTS, sixth];
const server = await TestServer.start({ dialects });
/** On the same books: a server that never has room for one more command. */
const full = await TestServer.start({
  dialects,
  database: server.database,
  clock: server.clock,
  engine: { maxQueued: 0, lanes: 1 },
});

test('a dialect that nobody speaks for breaks the contract', () => {
  assert.throws(() => speakerOf('seventh'), /nobody speaks seventh/);
});

for (const dialect of dialects) {
  describe(`${dialect.name} keeps the contract`, () => {
    const speaker = speakerOf(dialect.name);

    test("the speaker has read the same page as the dialect's policy", () => {
      assert.equal(dialect.policy.refundsPerPayment, speaker.refundsPerPayment);
      assert.equal(dialect.policy.balanceMustCover, speaker.balanceMustCover);
      assert.equal(dialect.policy.partialRefunds, speaker.amounts);
      assert.ok(dialect.references.some(({ name }) => name === speaker.namespace));
    });

    for (const scenario of [...REFUNDS, ...AMOUNTS, ...REQUESTS, ...RULES, ...KEYS, overload(full)]) {
      test(scenario.title, () => scenario.play(new Stage(server, speaker)));
    }
  });
}

test('after all of that the books verify, and no request met a mistake of ours', async () => {
  assert.deepEqual(await server.findings(), []);
  const mistakes = server.log.filter((line) => (JSON.parse(line) as { level: number }).level >= 40);
  assert.deepEqual(mistakes, []);
});
