/** `refundry refund …`: asks for a refund, decides on one that waits, and takes one back. */
import { Command, Option } from 'commander';
import { refundView } from '../api/views.ts';
import type { Action, RefundPayment, RequestedAmount } from '../core/command.ts';
import { textFault } from '../core/json.ts';
import { decimalFault, parseMajor } from '../core/money.ts';
import type { JournalEntry } from '../core/journal.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Refund, RefundStatus } from '../core/refund.ts';
import type { Page } from '../store/page.ts';
import { usage } from './failure.ts';
import { merchantFor } from './identity.ts';
import { existing } from './merchant.ts';
import { fields, money, note, print, printJson, table, time } from './output.ts';
import { describeNumbers } from './payment.ts';
import { askedBy, describeEntries, entriesView, laterEntries } from './refund-history.ts';
import { findPayment, findRefund } from './select.ts';
import { accepted, type CommonOptions, onBooks, withSession } from './session.ts';

interface CreateOptions extends CommonOptions {
  readonly amount?: string;
  readonly all?: true;
  readonly reason?: string;
  readonly idempotencyKey?: string;
  readonly merchant?: string;
  readonly dryRun?: true;
}

interface DecideOptions extends CommonOptions {
  readonly reason?: string;
}

interface ListOptions extends CommonOptions {
  readonly status?: RefundStatus;
  readonly merchant?: string;
  readonly limit: string;
}

const MAX_REASON_LENGTH = 1000;
const PAGE = 100;

const STATUSES: readonly RefundStatus[] = [
  'pending_approval',
  'pending',
  'unknown',
  'succeeded',
  'failed',
  'canceled',
  'reversed',
  'refused',
];

const EXAMPLES = `
Examples:
  refundry refund 01997d3e-… --amount 10.00            the short form of "refund create"
  refundry refund native.reference:order-42 --all      whatever is left of it
  refundry refund bbmsl.orderId:4922 --amount 5 --dry-run
"refundry refund create --help" lists the options.`;

export function refundCommand(): Command {
  const refund = new Command('refund')
    .description('refund a payment; approve, cancel or reverse a refund')
    .usage('<payment> --amount 10.00 | <command>')
    .addHelpText('after', EXAMPLES);

  onBooks(
    refund
      .command('create <payment>', { isDefault: true })
      .description('refund a payment, in part or all that is left')
      .option('--amount <amount>', "in the payment's currency, such as 10.00")
      .option('--all', 'all that is left')
      .option('--reason <text>', 'why; some policies require it')
      .option('--idempotency-key <key>', 'refund once, however often this is run with the same key')
      .option('--merchant <id>', 'whose payment, where several merchants use the same reference')
      .option('--dry-run', 'only say what it would do'),
  ).action(createRefund);
  onBooks(
    refund
      .command('list')
      .description('refunds, newest first: with --status pending_approval, those that wait for you')
      .addOption(new Option('--status <status>', 'only those in this status').choices(STATUSES))
      .option('--merchant <id>', 'only those of this merchant')
      .option('--limit <n>', 'the most to list', '50'),
  ).action(listRefunds);
  onBooks(
    refund.command('show <refund>').description('a refund as it is now, who asked for it and who decided'),
  ).action(showRefund);
  onBooks(
    refund
      .command('approve <refund>')
      .description('approve a refund that waits: somebody else than who asked')
      .option('--amount <amount>', 'refuse unless the refund is of this amount')
      .option('--reason <text>', 'why, for people'),
  ).action(approveRefund);
  onBooks(
    refund
      .command('reject <refund>')
      .description('turn a waiting refund down: somebody else than who asked')
      .option('--reason <text>', 'why, for people'),
  ).action((id: string, options: DecideOptions) => decideOn(id, options, 'reject_refund', 'Rejected'));
  onBooks(
    refund
      .command('cancel <refund>')
      .description('take a waiting refund back')
      .option('--reason <text>', 'why, for people'),
  ).action((id: string, options: DecideOptions) => decideOn(id, options, 'cancel_refund', 'Canceled'));
  onBooks(
    refund.command('reverse <refund>').description('a refund that succeeded came back: its funds are refundable again'),
  ).action((id: string, options: CommonOptions) => decideOn(id, options, 'reverse_refund', 'Reversed'));
  return refund;
}

async function createRefund(name: string, options: CreateOptions): Promise<void> {
  const amount = readAmount(options);
  checkReason(options);
  const permission = options.dryRun === true ? 'read' : 'operate';
  await withSession(options, { permission }, async (session) => {
    const { payment } = await findPayment(session, name, options.merchant);
    const action: RefundPayment = {
      kind: 'refund_payment',
      payment: { id: payment.id },
      amount,
      reference: null,
      details: options.reason === undefined ? {} : { reason: options.reason },
      expectedRefundableMinor: null,
    };
    if (options.dryRun === true) {
      const outcome = accepted(await session.preview(payment.merchantId, action));
      if (options.json === true) printJson({ dry_run: true, ...refundAnswer(outcome) });
      else print(`${sentence(outcome, 'Would refund')} Nothing was done. Afterwards it would be:\n${numbers(outcome)}`);
      return;
    }
    const outcome = accepted(await session.execute(payment.merchantId, action, options.idempotencyKey));
    if (options.json === true) printJson({ dry_run: false, ...refundAnswer(outcome) });
    else print(`${sentence(outcome, 'Refunded')}\n${describe(outcome)}`);
  });
}

function readAmount({ amount, all }: CreateOptions): RequestedAmount {
  if ((amount === undefined) === (all === undefined)) {
    throw usage('say how much: --amount 10.00, or --all for all that is left');
  }
  if (amount === undefined) return { kind: 'all' };
  const fault = decimalFault(amount);
  if (fault !== null) throw usage(`--amount ${fault}, got ${JSON.stringify(amount)}`);
  return { kind: 'major', text: amount };
}

/** The refund of an outcome that has one. */
function refundOf({ refund }: Outcome): Refund {
  if (refund === null) throw new Error('an accepted refund has no row');
  return refund;
}

/** As the API answers, and whether it is an earlier outcome given again. */
function refundAnswer(outcome: Outcome): object {
  return { ...refundView(refundOf(outcome), outcome.payment, outcome.entry), replayed: outcome.replayed };
}

function sentence(outcome: Outcome, done: 'Refunded' | 'Would refund'): string {
  const refund = refundOf(outcome);
  const amount = money(refund.amountMinor, refund.currency);
  if (outcome.replayed) return `${amount} was refunded before, with this key: this is the outcome then.`;
  if (refund.status !== 'pending_approval') return `${done} ${amount}.`;
  const until = refund.expiresAt === null ? '' : ` until ${time(refund.expiresAt)}`;
  const waits = done === 'Refunded' ? 'waits' : 'would wait';
  return `The refund of ${amount} ${waits} for a second person's approval${until}.`;
}

/** `later`: what was done to it after it was asked for. */
function describe(
  outcome: Outcome,
  later: readonly JournalEntry[] = outcome.entry === null ? [] : [outcome.entry],
): string {
  const refund = refundOf(outcome);
  const asker = askedBy(outcome);
  return fields([
    ['refund', refund.id],
    ['status', refund.cancelReason === null ? refund.status : `${refund.status} (${refund.cancelReason})`],
    ...(refund.refusalCode === null
      ? []
      : [['refused', `${refund.refusalCode}: ${outcome.refusal?.message ?? ''}`] as [string, string]]),
    ['amount', money(refund.amountMinor, refund.currency)],
    ...(refund.details.reason === undefined ? [] : [['reason', refund.details.reason] as [string, string]]),
    ...(asker === null ? [] : [['asked by', asker] as [string, string]]),
    ...(refund.status === 'pending_approval' && refund.expiresAt !== null
      ? [['expires', time(refund.expiresAt)] as [string, string]]
      : []),
    ['asked', time(refund.createdAt)],
    ...describeEntries(later),
    ...(refund.decisionReason === null ? [] : [['because', refund.decisionReason] as [string, string]]),
    ['payment', refund.paymentId],
    ...(outcome.payment === null ? [] : describeNumbers(outcome.payment)),
  ]);
}

function numbers({ payment }: Outcome): string {
  return payment === null ? '' : fields([['payment', payment.id], ...describeNumbers(payment)]);
}

async function listRefunds(options: ListOptions): Promise<void> {
  if (!/^[1-9][0-9]{0,4}$/.test(options.limit)) throw usage('--limit must be a number from 1 to 99999');
  const limit = Number(options.limit);
  await withSession(options, { permission: 'read' }, async (session) => {
    const merchantId = merchantFor(session.identity, options.merchant);
    if (merchantId !== null) await existing(session, merchantId);
    const refunds: Refund[] = [];
    let after: string | null = null;
    do {
      const page: Page<Refund> = await session.refundry.reader.refunds({
        merchantId,
        status: options.status ?? null,
        paymentId: null,
        createdFrom: null,
        createdBefore: null,
        amountFromMinor: null,
        amountToMinor: null,
        currency: null,
        reference: null,
        limit: Math.min(PAGE, limit - refunds.length),
        after,
      });
      refunds.push(...page.items);
      after = page.next;
    } while (after !== null && refunds.length < limit);
    if (options.json === true) printJson({ refunds: refunds.map((refund) => refundView(refund, null)) });
    else print(refunds.length === 0 ? 'There are none.' : tableOf(refunds));
    if (after !== null) note(`There may be more: --limit ${limit} is reached.`);
  });
}

function tableOf(refunds: readonly Refund[]): string {
  const rows = refunds.map((refund) => [
    refund.id,
    refund.status,
    money(refund.amountMinor, refund.currency),
    refund.paymentId,
    refund.requestedBy ?? '',
    refund.status === 'pending_approval' && refund.expiresAt !== null ? time(refund.expiresAt) : '',
  ]);
  return table(['refund', 'status', 'amount', 'payment', 'asked by', 'expires'], rows, ['amount']);
}

async function showRefund(id: string, options: CommonOptions): Promise<void> {
  await withSession(options, { permission: 'read' }, async (session) => {
    const outcome = await findRefund(session, id);
    const later = await laterEntries(session, outcome.refund);
    if (options.json === true) {
      const { refusal } = outcome;
      printJson({
        ...refundView(outcome.refund, outcome.payment, outcome.entry),
        asked_by: askedBy(outcome),
        later: entriesView(later),
        refusal: refusal === null ? null : { code: refusal.code, message: refusal.message, facts: refusal.facts },
      });
    } else {
      print(describe(outcome, later));
    }
  });
}

async function approveRefund(id: string, options: DecideOptions & { amount?: string }): Promise<void> {
  checkReason(options);
  const fault = options.amount === undefined ? null : decimalFault(options.amount);
  if (fault !== null) throw usage(`--amount ${fault}`);
  await withSession(options, { permission: 'operate' }, async (session) => {
    const { refund } = await findRefund(session, id);
    const amountMinor = options.amount === undefined ? null : parseMajor(options.amount, refund.currency);
    if (options.amount !== undefined && amountMinor === null) {
      throw usage(`--amount: ${refund.currency} cannot hold ${options.amount}`);
    }
    answer(
      await session.execute(refund.merchantId, {
        kind: 'approve_refund',
        refundId: id,
        amountMinor,
        ...reasonOf(options),
      }),
      options,
      'Approved',
    );
  });
}

async function decideOn(
  id: string,
  options: DecideOptions,
  kind: 'reject_refund' | 'cancel_refund' | 'reverse_refund',
  done: string,
): Promise<void> {
  checkReason(options);
  await withSession(options, { permission: 'operate' }, async (session) => {
    const { refund } = await findRefund(session, id);
    const action: Action =
      kind === 'reverse_refund' ? { kind, refundId: id } : { kind, refundId: id, ...reasonOf(options) };
    answer(await session.execute(refund.merchantId, action), options, done);
  });
}

/** Throws `Failure` (`usage`). */
function checkReason({ reason = '' }: DecideOptions): void {
  const fault = textFault(reason);
  if (fault === null && reason.length <= MAX_REASON_LENGTH) return;
  throw usage(`--reason ${fault ?? `must have at most ${MAX_REASON_LENGTH} characters`}`);
}

const reasonOf = ({ reason }: DecideOptions): { readonly reason?: string } => (reason === undefined ? {} : { reason });

function answer(outcome: Outcome, options: CommonOptions, done: string): void {
  accepted(outcome);
  const refund = refundOf(outcome);
  if (options.json === true) printJson(refundAnswer(outcome));
  else print(`${done} the refund of ${money(refund.amountMinor, refund.currency)}.\n${describe(outcome)}`);
}
