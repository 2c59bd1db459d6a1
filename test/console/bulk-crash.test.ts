/** A server that is killed while it runs a file of refunds: whoever goes on with it refunds what is left, and only that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHome, runCli, type Running, startServer } from '../kit/process.ts';

/** A browser at a server that is a process of its own. */
class Away {
  readonly #url: string;
  readonly #cookie: string;

  private constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  static async signIn({ url }: Running, name: string): Promise<Away> {
    const answer = await new Away(url, '').send('/console/api/sign-in', JSON.stringify({ name, demo: true }));
    assert.equal(answer.status, 200);
    return new Away(url, answer.headers.getSetCookie()[0]?.split(';', 1).join() ?? '');
  }

  send(path: string, body?: string, type = 'application/json'): Promise<Response> {
    return fetch(this.#url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'x-refundry-console': '1',
        cookie: this.#cookie,
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  async json(path: string, body?: string, type?: string): Promise<any> {
    return (await this.send(path, body, type)).json();
  }
}

test('after kill -9 in the middle of a run, every line is refunded once when somebody goes on with it', async () => {
  const home = await createHome();
  const first = await startServer(home);
  const before = await Away.signIn(first, 'admin@demo');
  const cents = 4_000;
  const text = `reference,namespace,amount\n${'BOTH-1,payengine.id,0.01\n'.repeat(cents)}`;
  const [merchant] = (await before.json('/v1/merchants')).data;
  const { id } = await before.json(`/console/api/bulk?merchant_id=${merchant.id}`, text, 'text/csv');
  await before.send(`/console/api/bulk/${id}/run`, '{}');
  let seen = 0;
  while (seen === 0) seen = (await before.json(`/console/api/bulk/${id}`)).counts.succeeded;
  first.child.kill('SIGKILL');
  await first.exited();

  const second = await startServer(home);
  const admin = await Away.signIn(second, 'admin@demo');
  const left = await admin.json(`/console/api/bulk/${id}`);
  assert.ok(left.counts.succeeded >= seen, 'what was decided is not forgotten');
  assert.ok(left.counts.undecided > 0, 'the kill came in the middle');
  await sleep(1_500);
  const still = await admin.json(`/console/api/bulk/${id}`);
  assert.deepEqual(still.counts, left.counts, 'nothing goes on by itself');
  let run = still;
  for (const ends = Date.now() + 60_000; run.status !== 'done' && Date.now() < ends; await sleep(100)) {
    run = await admin.json(`/console/api/bulk/${id}/run`, '{}');
  }
  assert.equal(run.counts.succeeded, cents);
  const [payment] = (await admin.json('/v1/payments?reference=BOTH-1')).data;
  assert.deepEqual([payment.refunded, payment.refundable], [cents, 10_000 - cents]);
  second.child.kill('SIGTERM');
  await second.exited();
  const { code, stdout, stderr } = await runCli(home, ['verify']);
  assert.equal(code, 0, stdout + stderr);
});
