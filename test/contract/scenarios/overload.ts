/** Too many callers: told to come back, with nothing written and nothing lost. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestServer } from '../../kit/server.ts';
import { type Scenario, Stage } from '../stage.ts';

/** `full` is a server on the same books that has no room for one more command. */
export const overload = (full: TestServer): Scenario => ({
  title:
    'an overloaded server says 503 with Retry-After and writes nothing; the same request succeeds when there is room',
  async play(stage) {
    const player = await stage.player();
    const known = await stage.payment(player);
    const headers = { 'idempotency-key': randomUUID() };
    const request = player.voice.request(stage.fields(player, known, '100.00'));
    const crowded = new Stage(full, stage.speaker);
    await stage.writesNothing(async () => {
      const { answer, heard } = await crowded.ask(request, headers);
      stage.assertRefused(heard, 'overloaded');
      assert.equal(answer.status, 503);
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    });
    const { heard } = await stage.ask(request, headers);
    stage.assertSucceeded(heard, '100.00');
    await stage.assertBooks(known, 10_000n);
  },
});
