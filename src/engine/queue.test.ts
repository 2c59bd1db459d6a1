import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Command } from '../core/command.ts';
import { BucketQueues, type Waiting } from './queue.ts';

const command: Command = {
  merchantId: '0198f1d0-0000-7000-8000-00000000de30',
  actor: 'cli:test',
  protocol: 'native',
  requestId: 'r',
  idempotencyKey: null,
  protocolPolicy: null,
  action: { kind: 'settle_balance', currency: 'USD' },
};
const waiting = (): Waiting => ({
  command,
  deadline: Number.POSITIVE_INFINITY,
  settle: () => undefined,
  decided: null,
  retried: false,
});

/** How many of `count` commands a bucket lets in. */
function letIn(queues: BucketQueues, count: number): number {
  return Array.from({ length: count }, () => queues.push(0, waiting())).filter((isIn) => isIn).length;
}

/** Lets the bucket do batches of ten, each `everyMs` after the one before, with others waiting all the time. */
function busyFor(queues: BucketQueues, batches: number, everyMs: number, from = 0): void {
  for (let batch = 0; batch < batches; batch += 1) {
    letIn(queues, 20);
    assert.equal(queues.take(from + batch * everyMs)?.batch.length, 10);
    queues.done(0);
  }
}

const bounds = { maxQueued: 1_000, maxWaitMs: 100, maxBatch: 10 };

suite('how many may wait for a bucket', () => {
  test('as many as the bound says, until it was busy', () => {
    const queues = new BucketQueues(1, bounds);
    assert.equal(letIn(queues, 2_000), 1_000);
    assert.equal(queues.queued, 1_000);
  });

  test('a busy bucket lets in what it gets done in time', () => {
    const queues = new BucketQueues(1, bounds);
    // Ten in every 20 ms are 50 in 100 ms.
    busyFor(queues, 30, 20);
    assert.equal(queues.queued <= 50, true, `${queues.queued} wait`);
    letIn(queues, 1_000);
    assert.equal(queues.queued, 50);
  });

  test('a slow one lets in two batches, so that it can show that it has become faster', () => {
    const queues = new BucketQueues(1, bounds);
    busyFor(queues, 30, 10_000);
    while (queues.take(1_000_000) !== null) queues.done(0);
    assert.equal(letIn(queues, 1_000), 20);
  });

  test('a pause says nothing of its pace', () => {
    const queues = new BucketQueues(1, bounds);
    letIn(queues, 10);
    queues.take(0);
    queues.done(0);
    letIn(queues, 10);
    queues.take(60_000);
    queues.done(0);
    assert.equal(letIn(queues, 2_000), 1_000);
  });

  test('one bucket that is full keeps nobody from another', () => {
    const queues = new BucketQueues(2, bounds);
    letIn(queues, 2_000);
    assert.equal(queues.push(1, waiting()), true);
  });
});

test('a bucket whose callers all gave up is in flight once when others come', () => {
  const queues = new BucketQueues(1, bounds);
  queues.push(0, { ...waiting(), deadline: 10 });
  assert.equal(queues.takeExpired(20).length, 1);
  queues.push(0, waiting());
  assert.equal(queues.take(30)?.batch.length, 1);
  queues.push(0, waiting());
  assert.equal(queues.take(40), null, 'a second batch while the first is in flight');
});
