/** One caller of one protocol: how a refund is asked for, and what its answers mean. */
import { speakerOf } from '../contract/speakers.ts';
import type { HttpAnswer, HttpRequest, TestServer } from '../kit/server.ts';
import type { World } from './world.ts';

/** One merchant's refunds through one protocol. */
export interface Caller {
  readonly protocol: string;
  readonly merchantId: string;
  readonly namespace: string | null;
  /** Whether a payment is refunded in parts. */
  readonly parts: boolean;
  newName(): string;
  request(payment: Paid, amountMinor: number): HttpRequest;
  /** Whether the refund is done; throws unless the answer has the protocol's shape. */
  isDone(answer: HttpAnswer): boolean;
  /** Who approves what was done, and where, if it waits for somebody. */
  approve?(answer: HttpAnswer): { readonly by: Key; readonly path: string };
}

export interface Paid {
  readonly id: string;
  readonly name: string;
  leftMinor: number;
}

export interface Key {
  readonly merchantId: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function keyOf(world: World, merchantId: string | null): Promise<Key> {
  const { secrets } = await world.credential(merchantId, {
    protocol: 'native',
    role: merchantId === null ? 'admin' : 'merchant',
  });
  return {
    merchantId: merchantId ?? '',
    headers: { authorization: `Bearer ${secrets['key'] ?? ''}`, 'content-type': 'application/json' },
  };
}

export function native({ merchantId, headers }: Key): Caller {
  return {
    protocol: 'native',
    merchantId,
    namespace: null,
    parts: true,
    newName: () => '',
    request: ({ id }, amountMinor) => ({
      path: '/v1/refunds',
      headers,
      body: JSON.stringify({ payment_id: id, amount: amountMinor }),
    }),
    isDone: (answer) => answer.status < 300 && (JSON.parse(answer.body) as { status: string }).status === 'succeeded',
  };
}

/** The same of a merchant whose refunds all wait for a second person, who has another key. */
export function waiting(asks: Key, approves: Key): Caller {
  return {
    ...native(asks),
    isDone: (answer) =>
      answer.status < 300 && (JSON.parse(answer.body) as { status: string }).status === 'pending_approval',
    approve: (answer) => ({
      by: approves,
      path: `/v1/refunds/${(JSON.parse(answer.body) as { id: string }).id}/approve`,
    }),
  };
}

export async function partner(world: World, protocol: string): Promise<Caller> {
  const speaker = speakerOf(protocol);
  const merchantId = await world.merchant();
  const voice = await speaker.voice(world as unknown as TestServer, merchantId);
  return {
    protocol,
    merchantId,
    namespace: speaker.namespace,
    parts: speaker.amounts && speaker.refundsPerPayment === null,
    newName: () => speaker.newPaymentName(),
    request: ({ name }, amountMinor) =>
      voice.request(voice.fields(name, speaker.amount((amountMinor / 100).toFixed(2)))),
    isDone: (answer) => speaker.hear(answer).outcome === 'succeeded',
  };
}
