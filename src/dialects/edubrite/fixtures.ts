/** For the tests: a site with its administrator, exchanges as they stand in `fixtures/`, and answers taken apart. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { DialectTalk, type GivenPayment } from '../../../test/kit/dialect.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Payment } from '../../core/payment.ts';
import type { Policy } from '../../core/policy.ts';
import type { Caller, WireAnswer } from '../dialect.ts';
import { edubrite } from './index.ts';

export const PAYMENTS = '/oltpublish/site/paymentTxnService.do';
export const CONNECT = '/oltpublish/site/connect.do';
export const SINGLE = '5f0c2c5e-8f0e-4b0e-9d0a-0cc47a352511';
export const GROUP = '7a1d3d6f-9a1f-4c1f-8e1b-0cc47a352512';
export const REFUNDED = '34669703-f5b3-11e7-a6ac-0cc47a352510';

export interface Message {
  readonly status: number;
  /** The root's attribute, the message's code and its text. */
  readonly root: string;
  readonly code: string;
  readonly text: string;
}

const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, attributeNamePrefix: '@' });

/** Takes an answer's XML apart, and fails unless it has the shape of the partner's page and nothing else. */
export function messageIn(xml: string): Omit<Message, 'status'> {
  assert.equal(XMLValidator.validate(xml), true, xml);
  const parsed = parser.parse(xml) as { response: { '@code': string; msgs: { msg: { code: string; value: string } } } };
  const { '@code': root, msgs } = parsed.response;
  const { code, value } = msgs.msg;
  assert.deepEqual(parsed, { response: { '@code': root, msgs: { msg: { code, value } } } });
  return { root, code, text: value };
}

export function read(answer: WireAnswer): Message {
  assert.equal(answer.contentType, 'text/xml; charset=UTF-8');
  return { status: answer.status, ...messageIn(answer.body) };
}

export function fixture(name: string): string {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
}

interface Settings {
  readonly administrators?: Caller['settings'][string];
  readonly policy?: Policy;
  readonly role?: 'merchant' | 'read';
}

/** A site to talk to over a book in memory, and the session of its API user. */
export class Site {
  readonly talk: DialectTalk;
  sessionId = '';
  sessionInfo = '';

  constructor({ administrators = ['chenry', 'mdavis'], policy, role = 'merchant' }: Settings = {}) {
    this.talk = new DialectTalk(edubrite, {
      credential: { lookup: 'edubrite-demo', secrets: ['edubrite-demo'], settings: { administrators }, role },
      ...(policy === undefined ? {} : { policy }),
    });
  }

  static async connected(settings?: Settings): Promise<Site> {
    const site = new Site(settings);
    await site.connect();
    return site;
  }

  async connect(): Promise<void> {
    this.sessionId = cookieIn(await this.replay('connect.http'), 'SESSION_ID');
    this.sessionInfo = cookieIn(await this.replay('sign-in.http'), 'SESSION_INFO');
  }

  get cookies(): string {
    return `SESSION_ID=${this.sessionId}; SESSION_INFO=${this.sessionInfo}`;
  }

  /** Registers an invoice: 49.99 USD, captured, unless something else is given. */
  invoice(id: string, payment: Partial<GivenPayment> = {}): Payment {
    return this.talk.register({
      amountMinor: 4999n,
      currency: 'USD',
      references: [{ namespace: 'edubrite.id', value: id, numbered: false }],
      ...payment,
    });
  }

  async refund(id: string, headers: Readonly<Record<string, string>> = {}): Promise<Message> {
    return this.post(new URLSearchParams({ dispatch: 'refund', id }).toString(), headers);
  }

  async post(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Message> {
    const all = { cookie: this.cookies, real_uname: 'chenry', ...headers };
    return read(await this.talk.send({ path: PAYMENTS, headers: all, body }));
  }

  /** The outcome that a key is bound to: asking again natively by the same command gives it with its journal entry. */
  outcome(idempotencyKey: string, id: string): Outcome {
    const outcome = this.talk.run(
      {
        kind: 'refund_payment',
        payment: { references: [{ namespace: 'edubrite.id', value: id }] },
        amount: { kind: 'all' },
        reference: null,
        details: {},
        expectedRefundableMinor: null,
      },
      { protocol: 'edubrite', idempotencyKey },
    );
    assert.equal(outcome.replayed, true);
    return outcome;
  }

  /** Sends a request of `fixtures/` as it stands, with this session's cookies; several Cookie lines are joined as Node does. */
  async replay(name: string): Promise<WireAnswer> {
    const text = fixture(name).replace('<SESSION_ID>', this.sessionId).replace('<SESSION_INFO>', this.sessionInfo);
    const [head = '', body = ''] = text.split(/\n\n(.*)/s);
    const [line = '', ...fields] = head.trimEnd().split('\n');
    const [method = '', target = ''] = line.split(' ');
    const [path = '', query = ''] = target.split('?');
    const headers: Record<string, string> = {};
    for (const field of fields) {
      const [, key = '', value = ''] = /^([^:]+): (.*)$/.exec(field) ?? [];
      const before = headers[key.toLowerCase()];
      headers[key.toLowerCase()] = before === undefined ? value : `${before}; ${value}`;
    }
    return this.talk.send({ method, path, query, headers, body: body.replaceAll('\n', '\r\n') });
  }
}

export function cookieIn(answer: WireAnswer, name: string): string {
  const value = answer.cookies?.find((cookie) => cookie.name === name)?.value;
  assert.ok(value !== undefined, `no cookie ${name} in ${answer.body}`);
  return value;
}
