/** What the books come to, in one form: the model's, the core's rows in memory, and the tables of a database. */
import type pg from 'pg';
import { ACCOUNTS } from '../../src/core/journal.ts';
import type { Rows } from '../kit/rows.ts';
import type { ModelBooks } from './books.ts';

/** A row: which, of which other row, and what it says. */
interface Line {
  readonly id: string;
  readonly of: string;
  readonly says: string;
}

export interface State {
  readonly payments: readonly Line[];
  readonly refunds: readonly Line[];
  readonly enrolments: readonly Line[];
  readonly settlements: readonly Line[];
  /** A line per merchant: each currency with what each account holds. */
  readonly balances: readonly Line[];
}

type Value = string | number | bigint | boolean | null;
const line = (id: string, of: string, ...says: Value[]): Line => ({ id, of, says: says.join(' ') });

/** The rows of the core's own tables, and those of the model, have these names in common. */
interface Tables {
  readonly payments: Iterable<{
    readonly id: string;
    readonly merchantId: string;
    readonly currency: string;
    readonly status: string;
    readonly disputed: boolean;
    readonly capturedMinor: bigint;
    readonly refundedMinor: bigint;
    readonly reservedMinor: bigint;
    readonly refundCount: number;
  }>;
  readonly refunds: Iterable<{
    readonly id: string;
    readonly paymentId: string;
    readonly amountMinor: bigint;
    readonly status: string;
    readonly refusalCode: string | null;
    readonly cancelReason: string | null;
    readonly requestedBy: string | null;
    readonly decisionReason: string | null;
  }>;
  readonly entitlements: Iterable<{
    readonly id: string;
    readonly paymentId: string;
    readonly learner: string;
    readonly kind: string;
    readonly target: string;
  }>;
  readonly settlements: Iterable<{
    readonly id: string;
    readonly merchantId: string;
    readonly currency: string;
    readonly amountMinor: bigint;
  }>;
  readonly balances: Iterable<{ readonly merchantId: string; readonly currency: string; readonly says: string }>;
}

function state({ payments, refunds, entitlements, settlements, balances }: Tables): State {
  const currencies = new Map<string, string[]>();
  for (const { merchantId, currency, says } of balances) {
    currencies.set(merchantId, [...(currencies.get(merchantId) ?? []), `${currency} ${says}`]);
  }
  return {
    payments: Array.from(payments, (p) =>
      line(
        p.id,
        p.merchantId,
        p.status,
        p.disputed,
        p.currency,
        p.capturedMinor,
        p.refundedMinor,
        p.reservedMinor,
        p.refundCount,
      ),
    ),
    refunds: Array.from(refunds, (r) =>
      line(
        r.id,
        r.paymentId,
        r.status,
        r.amountMinor,
        r.refusalCode ?? '-',
        r.cancelReason ?? '-',
        r.requestedBy ?? '-',
        r.decisionReason ?? '-',
      ),
    ),
    enrolments: Array.from(entitlements, (e) => line(e.id, e.paymentId, e.learner, e.kind, e.target)),
    settlements: Array.from(settlements, (s) => line(s.id, s.merchantId, s.currency, s.amountMinor)),
    balances: Array.from(currencies, ([id, each]) => line(id, id, each.sort().join(', '))),
  };
}

export function stateOfModel(books: ModelBooks): State {
  const moved = books.journal.flatMap(({ merchantId, currency, debit }) =>
    merchantId === null || currency === null || debit === null ? [] : [{ merchantId, currency }],
  );
  const balances = new Map(moved.map((one) => [`${one.merchantId} ${one.currency}`, one])).values();
  return state({
    payments: books.payments.map((payment) => ({
      ...payment,
      ...books.numbers(payment),
      refundCount: books.refundCount(payment),
    })),
    refunds: books.refunds,
    entitlements: books.entitlements,
    settlements: books.settlements,
    balances: Array.from(balances, ({ merchantId, currency }) => ({
      merchantId,
      currency,
      says: ACCOUNTS.map((account) => books.balance(merchantId, currency, account)).join(' '),
    })),
  });
}

export function stateOfRows(rows: Rows): State {
  return state({
    payments: rows.payments.values(),
    refunds: rows.refunds.values(),
    entitlements: rows.entitlements.values(),
    settlements: rows.settlements.values(),
    balances: Array.from(rows.balances.values(), ({ merchantId, currency, minor }) => ({
      merchantId,
      currency,
      says: ACCOUNTS.map((account) => minor[account]).join(' '),
    })),
  });
}

/** The rows of some merchants in a database, as an auditor reads them. */
export async function stateOfDatabase(client: pg.Client, merchantIds: readonly string[]): Promise<State> {
  const read = async (statement: string): Promise<Line[]> => (await client.query<Line>(statement, [merchantIds])).rows;
  return {
    payments: await read(
      `SELECT id, merchant_id AS of, concat_ws(' ', status, disputed::text, currency, captured_minor, refunded_minor,
         reserved_minor, refund_count) AS says
       FROM payment WHERE merchant_id = ANY($1)`,
    ),
    refunds: await read(
      `SELECT id, payment_id AS of, concat_ws(' ', status, amount_minor, coalesce(refusal_code, '-'),
         coalesce(cancel_reason, '-'), coalesce(requested_by, '-'), coalesce(decision_reason, '-')) AS says
       FROM refund WHERE merchant_id = ANY($1)`,
    ),
    enrolments: await read(
      `SELECT id, payment_id AS of, concat_ws(' ', learner, kind, target) AS says
       FROM entitlement WHERE merchant_id = ANY($1)`,
    ),
    settlements: await read(
      `SELECT id, merchant_id AS of, concat_ws(' ', currency, amount_minor) AS says
       FROM settlement WHERE merchant_id = ANY($1)`,
    ),
    balances: await read(
      `SELECT merchant_id AS id, merchant_id AS of, string_agg(concat_ws(' ', currency, processor_clearing_minor,
         merchant_unsettled_minor, refunds_payable_minor, merchant_settled_minor), ', ' ORDER BY currency) AS says
       FROM balance WHERE merchant_id = ANY($1) GROUP BY merchant_id`,
    ),
  };
}
