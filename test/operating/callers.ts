/** Those who call a server of the demo: refunds of one payment, under keys of their own. */
import assert from 'node:assert/strict';

export interface Refunded {
  readonly id: string;
  readonly createdAt: string;
  readonly replayed: boolean;
}

const PAYMENT = 'BOTH-1';
const NATIVE = 'order-both';

/** A refund over the native API. `key` is the caller's own name for it. */
export async function refundNative(
  url: string,
  key: string,
  amountMinor: number,
  secret = 'rk_demo_merchant',
): Promise<Refunded> {
  const answer = await fetch(`${url}/v1/refunds`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'idempotency-key': `"${key}"` },
    body: JSON.stringify({
      payment_reference: { namespace: 'native.reference', value: NATIVE },
      amount: amountMinor,
      currency: 'USD',
    }),
  });
  const body = (await answer.json()) as { id: string; created_at: string };
  assert.ok(answer.ok, JSON.stringify(body));
  return { id: body.id, createdAt: body.created_at, replayed: isReplayed(answer) };
}

/** A refund over Boost Connect's protocol, whose key is the partner's own reference. Returns the partner's code: 00 is done. */
export async function refundBoost(url: string, spTransID: string, amount: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/api/refund`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKey: 'Ofa3M7zS2c3', username: 'test', spTransID, aocTransID: PAYMENT, amount }),
  });
  const { data } = (await answer.json()) as { data: { errorCode: string } };
  return data.errorCode;
}

/** How much of the payment is refunded, in minor units. */
export async function refundedMinor(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/payments?reference=${NATIVE}`, {
    headers: { authorization: 'Bearer rk_demo_admin' },
  });
  const { data } = (await answer.json()) as { data: { refunded: number }[] };
  return data[0]?.refunded ?? -1;
}

/** A call of an administrator. */
export async function administer(url: string, path: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer rk_demo_admin', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const said = (await answer.json()) as Record<string, unknown>;
  assert.ok(answer.ok, JSON.stringify(said));
  return said;
}

export async function statusWith(url: string, secret: string): Promise<number> {
  return (await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${secret}` } })).status;
}

const isReplayed = (answer: Response): boolean => answer.headers.get('idempotent-replayed') === 'true';
