/**
 * A dialect in conversation with real rules over a book in memory: for the tests beside each dialect. Nothing of the
 * dialect or the core is replaced; only database and sockets are absent.
 */
import { createHash, createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import type { Role } from '../../src/core/account.ts';
import { Book } from '../../src/core/book.ts';
import type { Command, PaymentSelector, RegisterPayment } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import { formatId } from '../../src/core/ids.ts';
import { GENESIS_HASH } from '../../src/core/journal.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { isSettled, type Payment, type Reference } from '../../src/core/payment.ts';
import { OPEN_POLICY, type Policy } from '../../src/core/policy.ts';
import { findPayment } from '../../src/core/select.ts';
import { type Backstage, converse } from '../../src/dialects/converse.ts';
import type { Caller, Dialect, WireAnswer, WireRequest } from '../../src/dialects/dialect.ts';
import { registration } from './core.ts';

interface Given {
  readonly credential: {
    readonly lookup?: string;
    readonly secrets?: readonly string[];
    readonly publicKeys?: readonly string[];
    readonly settings?: Caller['settings'];
    readonly role?: Role;
  };
  readonly merchantName?: string;
  readonly policy?: Policy;
}

/** A payment to register: anything not given has a plain value. */
export type GivenPayment = Partial<RegisterPayment> & Pick<RegisterPayment, 'amountMinor' | 'currency'>;

export class DialectTalk {
  readonly #dialect: Dialect;
  readonly #given: Given;
  readonly #book = new Book(0, { seq: 0n, hash: GENESIS_HASH, at: 0 });
  readonly #sessions = new Map<string, string | null>();
  readonly #bugs: unknown[] = [];
  readonly merchantId = formatId(Date.now(), 0, randomUUID());
  /** What the next commands take for now. */
  now = Date.now();

  constructor(dialect: Dialect, given: Given) {
    this.#dialect = dialect;
    this.#given = given;
    this.run({
      kind: 'create_merchant',
      name: given.merchantName ?? 'Example Ltd',
      policy: given.policy ?? OPEN_POLICY,
    });
  }

  /** Runs a command as an administrator would. */
  run(action: Command['action'], more: Partial<Command> = {}): Outcome {
    return this.#execute({
      merchantId: this.merchantId,
      actor: 'cli:test',
      protocol: 'native',
      requestId: 'test',
      idempotencyKey: null,
      protocolPolicy: null,
      action,
      ...more,
    });
  }

  register(payment: GivenPayment): Payment {
    const outcome = this.run(registration(payment));
    if (outcome.payment === null) throw new Error(outcome.refusal?.message ?? 'not registered');
    return outcome.payment;
  }

  payment(id: string): Payment {
    const payment = this.#book.payment(id);
    if (payment === undefined) throw new Error(`no payment ${id}`);
    return payment;
  }

  /** Entries so far: to show that a request wrote nothing. */
  get entries(): number {
    return this.#book.changes.entries.length;
  }

  /** Sends one request to the operation at its path; a path of no operation gets the dialect's own answer. */
  async send(request: {
    readonly method?: string;
    readonly path: string;
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
  }): Promise<WireAnswer> {
    const body = request.body ?? '';
    const wire: WireRequest = {
      method: request.method ?? 'POST',
      path: request.path,
      query: request.query ?? '',
      headers: request.headers ?? {},
      body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    };
    const operation = this.#dialect.operations.find(
      ({ method, paths }) => method === wire.method && paths.includes(wire.path),
    );
    if (operation === undefined) {
      return this.#dialect.refuse({ code: 'resource_not_found', message: `there is no ${wire.path}`, facts: {} });
    }
    const { answer } = await converse(this.#dialect, operation, wire, 'test', this.#backstage(), (bug) =>
      this.#bugs.push(bug),
    );
    const [bug] = this.#bugs;
    if (bug !== undefined) throw new Error('a mistake of ours', { cause: bug });
    return answer;
  }

  #execute(command: Command): Outcome {
    const now = Math.max(this.now, this.#book.head.at);
    const decision = decide(this.#book, command, {
      now,
      newId: () => formatId(now, 0, randomUUID()),
      newSalt: randomUUID,
    });
    return this.#book.record(decision);
  }

  #caller(): Caller {
    const { credential, merchantName } = this.#given;
    return {
      merchantId: this.merchantId,
      merchantName: merchantName ?? 'Example Ltd',
      credentialId: '01900000-0000-7000-8000-00000000c0de',
      role: credential.role ?? 'merchant',
      lookup: credential.lookup ?? '',
      settings: credential.settings ?? {},
      demo: true,
    };
  }

  #backstage(): Backstage {
    const { lookup, secrets = [], publicKeys = [] } = this.#given.credential;
    const same = (a: readonly string[], b: readonly string[]): boolean => JSON.stringify(a) === JSON.stringify(b);
    const book = this.#book;
    return {
      authenticate: async (_protocol, claim) => {
        switch (claim.kind) {
          case 'secrets':
            if (claim.lookup !== null && claim.lookup !== lookup) return null;
            return [claim.secrets[0] ?? '', ...(claim.alternatives ?? [])].some((first) =>
              same([first, ...claim.secrets.slice(1)], secrets),
            )
              ? this.#caller()
              : null;
          case 'signature': {
            if (claim.lookup !== lookup) return null;
            const holds = publicKeys.some((key) =>
              verify('sha256', claim.message, createPublicKey(key), claim.signature),
            );
            return holds ? this.#caller() : null;
          }
          case 'session':
            return this.#sessions.get(claim.tokens[0]) === claim.tokens[1] ? this.#caller() : null;
        }
      },
      execute: async (command) => this.#execute(command),
      findPayment: async (merchant: string, selector: PaymentSelector) => {
        const payment = findPayment(book, merchant, selector);
        if (payment === undefined) return null;
        const refunds = [...book.changes.newRefunds.values()].filter((refund) => refund.paymentId === payment.id);
        const settled = isSettled(payment, book.balance(merchant, payment.currency).settledThroughSeq);
        return { payment, refunds, settled };
      },
      findRefund: async (merchant: string, reference: Reference) => {
        const refund = book.refundByReference(merchant, reference);
        if (refund === undefined) return null;
        const entry = book.changes.entries.find(({ seq }) => seq === refund.createdSeq) ?? null;
        const facts = (entry?.facts ?? {}) as Record<string, string>;
        return {
          refusal:
            refund.refusalCode === null ? null : { code: refund.refusalCode, message: facts['message'] ?? '', facts },
          entry,
          replayed: false,
          payment: book.payment(refund.paymentId) ?? null,
          refund,
          settlement: null,
          merchant: null,
          credential: null,
          entitlements: [],
          coupons: [],
        };
      },
      openSession: async () => {
        const token = randomBytes(16).toString('hex');
        this.#sessions.set(token, null);
        return token;
      },
      signIn: async (_protocol, first, name, secret) => {
        if (!this.#sessions.has(first) || name !== lookup || !same([secret], secrets)) return null;
        const second = createHash('sha256').update(first).digest('hex');
        this.#sessions.set(first, second);
        return second;
      },
      signOut: async (_protocol, [first]) => {
        this.#sessions.delete(first);
      },
    };
  }
}
