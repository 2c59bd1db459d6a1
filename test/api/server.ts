/** A server on a database of its own, and callers who speak to it over HTTP. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after } from 'node:test';
import type { Role } from '../../src/core/account.ts';
import { issueCredential } from '../../src/dialects/issue.ts';
import { Refundry } from '../../src/engine/refundry.ts';
import { createServer } from '../../src/server.ts';
import { createLogger } from '../../src/server/log.ts';
import { Metrics } from '../../src/server/metrics.ts';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import { createDatabase } from '../kit/database.ts';

// What an answer holds is what the tests are about: they read it as it comes.
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface Request {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array;
  readonly key?: string | null;
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Api {
  readonly url: string;
  readonly refundry: Refundry;
  readonly database: DatabaseSettings;
  readonly adminKey: string;
  /** How far the server's clock is ahead, in milliseconds. */
  readonly #shift: { ms: number };

  private constructor(
    url: string,
    refundry: Refundry,
    database: DatabaseSettings,
    adminKey: string,
    shift: { ms: number },
  ) {
    this.url = url;
    this.refundry = refundry;
    this.database = database;
    this.adminKey = adminKey;
    this.#shift = shift;
  }

  static async start(): Promise<Api> {
    const database = await createDatabase();
    const shift = { ms: 0 };
    const refundry = await Refundry.open(database, { lanes: 2, clock: () => Date.now() + shift.ms });
    const server = await createServer({
      refundry,
      config: { metricsToken: null, trustProxy: false, tls: null },
      logger: createLogger({ logLevel: 'silent' }),
      metrics: new Metrics(() => refundry.engine.queueDepth),
    });
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    after(async () => {
      await server.close();
      await refundry.close();
    });
    return new Api(url, refundry, database, await issue(refundry, null, 'admin'), shift);
  }

  /** Moves the server's clock ahead. */
  advance(ms: number): void {
    this.#shift.ms += ms;
  }

  /** A native key. */
  key(merchantId: string | null, role: Role): Promise<string> {
    return issue(this.refundry, merchantId, role);
  }

  /** One request; with the administrator's key unless another, or none, is given. */
  async send(method: string, path: string, request: Request = {}): Promise<Answer> {
    const { key = this.adminKey, raw, body, idempotencyKey } = request;
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...request.headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : null,
    };
  }

  get(path: string, request: Request = {}): Promise<Answer> {
    return this.send('GET', path, request);
  }

  post(path: string, body?: unknown, request: Request = {}): Promise<Answer> {
    return this.send('POST', path, { ...(body === undefined ? {} : { body }), ...request });
  }

  /** A merchant and its key. */
  async merchant(policy: Body = {}): Promise<{ id: string; key: string }> {
    const { status, body } = await this.post('/v1/merchants', { name: 'Example Ltd', policy });
    assert.equal(status, 201);
    return { id: body.id, key: await this.key(body.id, 'merchant') };
  }

  /** A payment of 100.00 USD, unless something else is said. */
  async payment(merchant: { id: string }, more: Body = {}): Promise<Body> {
    const answer = await this.post('/v1/payments', {
      merchant_id: merchant.id,
      amount: 10_000,
      currency: 'USD',
      ...more,
    });
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  }

  /** Every item of a list, page by page. */
  async walk(path: string, limit: number, request: Request = {}): Promise<Body[]> {
    const items: Body[] = [];
    let cursor: string | null = null;
    do {
      const url: string = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const { status, body, text } = await this.get(url, request);
      assert.equal(status, 200, text);
      assert.ok(body.data.length <= limit);
      assert.equal(body.has_more, body.next_cursor !== null);
      items.push(...body.data);
      cursor = body.next_cursor;
    } while (cursor !== null);
    return items;
  }
}

async function issue(refundry: Refundry, merchantId: string | null, role: Role): Promise<string> {
  const { credential, secrets } = issueCredential({ protocol: 'native', role, label: `a test's ${role}` });
  const outcome = await refundry.execute({
    merchantId,
    actor: 'cli:test',
    protocol: 'native',
    requestId: randomUUID(),
    idempotencyKey: null,
    protocolPolicy: null,
    action: { kind: 'create_credential', credential },
  });
  assert.equal(outcome.refusal, null);
  return secrets['key'] ?? '';
}

/** Asserts that an answer is a problem of that code, in the shape that all problems have. */
export function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.body?.code, code, answer.text);
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(answer.body.status, status);
  assert.equal(answer.body.type, `/docs/errors#${code}`);
  assert.ok(answer.body.title.length > 0 && answer.body.detail.length > 0);
  assert.ok(answer.body.request_id.length > 0);
  assert.doesNotMatch(answer.text, /\bat .*\.ts:|node_modules/);
}
