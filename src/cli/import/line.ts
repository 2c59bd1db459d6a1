/** From a line's fields to the payment to register: everything that can be said of a line without asking the books. */
import type { RegisterPayment } from '../../core/command.ts';
import { type Refusal, refusal } from '../../core/errors.ts';
import { currencyExponent, decimalFault, isCurrency, parseMajor } from '../../core/money.ts';
import type { PaymentDetails, PaymentMethod } from '../../core/payment.ts';
import { readReferences, referenceNamespaces } from '../../dialects/references.ts';
import { Failure } from '../failure.ts';
import { COLUMNS, type Draft, isRejectColumn } from './columns.ts';

export interface ReadLine {
  readonly merchantId: string;
  readonly action: RegisterPayment;
}

/** Reads a line, or lists every mistake in it. */
export type LineReader = (fields: readonly string[]) => ReadLine | Refusal;

type CellReader = (draft: Draft, text: string) => string | null;

const ignore: CellReader = () => null;

/**
 * A reader of lines below this header. Throws `Failure` (`bad_header`) that lists every column that is unknown, doubled
 * or missing: nothing of such a file is read.
 */
export function lineReader(header: readonly string[], merchant: string | null): LineReader {
  const names = header.map((name) => name.trim());
  const namespaces = new Map(referenceNamespaces().map((namespace) => [namespace.name, namespace]));
  const mistakes = headerMistakes(names, new Set(namespaces.keys()), merchant);
  if (mistakes.length > 0) throw new Failure('bad_header', mistakes.join('; '));
  const readers = names.map((name): CellReader => {
    const namespace = namespaces.get(name);
    if (namespace !== undefined) {
      return (draft, text) => {
        draft.references[name] = text;
        return namespace.pattern.test(text) ? null : namespace.description;
      };
    }
    return COLUMNS[name]?.read ?? ignore;
  });
  return (fields) => {
    if (fields.length !== names.length) {
      return refusal('invalid_request', `has ${fields.length} fields, the header has ${names.length} columns`);
    }
    if (isUnrepaired(names, fields)) {
      return refusal(
        'invalid_request',
        'was rejected before and must be repaired: put what is in rejected_text, or in the line it came from, into its columns',
      );
    }
    const draft = newDraft();
    const mistakes = new Mistakes();
    for (const [index, read] of readers.entries()) {
      const text = fields[index]?.trim() ?? '';
      const wrong = text === '' ? null : read(draft, text);
      if (wrong !== null) mistakes.add(names[index] ?? '', wrong);
    }
    return finish(draft, merchant, mistakes);
  };
}

/** What is wrong with a line, in the order in which it was found: one mistake per column. */
class Mistakes {
  readonly #found = new Map<string, string>();

  /** `column`: empty where the whole line is meant. */
  add(column: string, problem: string): void {
    if (!this.#found.has(column)) this.#found.set(column, column === '' ? problem : `${column}: ${problem}`);
  }

  /** `null` for none. */
  get refusal(): Refusal | null {
    if (this.#found.size === 0) return null;
    const [first = ''] = this.#found.keys();
    return refusal('invalid_request', [...this.#found.values()].join('; '), first === '' ? {} : { parameter: first });
  }
}

/** A line of a file of rejects that has nothing but what `--rejects` wrote. */
function isUnrepaired(names: readonly string[], fields: readonly string[]): boolean {
  const filled = names.filter((_name, index) => fields[index]?.trim() !== '');
  return filled.length > 0 && filled.every(isRejectColumn);
}

function headerMistakes(names: readonly string[], namespaces: ReadonlySet<string>, merchant: string | null): string[] {
  const known = (name: string): boolean => Object.hasOwn(COLUMNS, name) || namespaces.has(name) || isRejectColumn(name);
  const quote = (list: readonly string[]): string => list.map((name) => JSON.stringify(name)).join(', ');
  const mistakes: string[] = [];
  const unknown = names.filter((name) => !known(name));
  const [only = ''] = names;
  if (names.length === 1 && /[;\t|]/.test(only)) {
    return ['the header has one column: are they separated by another sign? Say it with --delimiter ";"'];
  }
  if (unknown.length > 0) {
    mistakes.push(
      `unknown column(s) ${quote(unknown)}: leave them out, or rename them; there are ${Object.keys(COLUMNS).join(', ')}, ` +
        `and the references ${[...namespaces].join(', ')}`,
    );
  }
  const doubled = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (doubled.length > 0) mistakes.push(`column(s) given twice: ${quote(doubled)}`);
  const missing = ['amount', 'currency'].filter((name) => !names.includes(name));
  if (missing.length > 0) mistakes.push(`missing column(s) ${quote(missing)}`);
  if (!names.some((name) => namespaces.has(name))) {
    mistakes.push(`no reference: at least one column of ${[...namespaces].join(', ')} must tell payments apart`);
  }
  if (merchant === null && !names.includes('merchant'))
    mistakes.push('no column "merchant": add it, or say --merchant <id>');
  if (merchant !== null && names.includes('merchant'))
    mistakes.push('a column "merchant", though the merchant is said already, by --merchant or the key: leave one out');
  return mistakes;
}

function newDraft(): Draft {
  return {
    merchant: null,
    amount: null,
    currency: null,
    status: 'captured',
    createdAt: null,
    capturedAt: null,
    references: {},
    details: {},
    method: {},
    customer: {},
    device: {},
    learners: [],
    entitlementKind: null,
    entitlementTarget: null,
    viaCoupon: false,
    couponCode: null,
  };
}

/** What only shows when all cells are known. */
function finish(draft: Draft, merchant: string | null, mistakes: Mistakes): ReadLine | Refusal {
  const merchantId = merchant ?? draft.merchant ?? '';
  if (merchantId === '') mistakes.add('merchant', 'is empty');
  const amountMinor = readAmount(draft, mistakes);
  if (draft.status === 'pending' && draft.capturedAt !== null) mistakes.add('captured_at', 'the payment is pending');
  // It stands for the missing `created_at`, too: the books would blame a column that the file may not have.
  if (draft.createdAt === null && draft.capturedAt !== null && draft.capturedAt > Date.now()) {
    mistakes.add('captured_at', 'is in the future');
  }
  const details = readDetails(draft, mistakes);
  const entitlements = readEntitlements(draft, mistakes);
  if (Object.keys(draft.references).length === 0) {
    mistakes.add('', 'has no reference: running again could not recognise it');
  }
  if (mistakes.refusal !== null) return mistakes.refusal;
  return {
    merchantId,
    action: {
      kind: 'register_payment',
      amountMinor,
      currency: draft.currency ?? '',
      status: draft.status,
      references: readReferences(draft.references),
      details,
      entitlements,
      couponCode: draft.couponCode,
      // Who knows only when the funds were taken knows that the payment is no younger.
      createdAt: draft.createdAt ?? draft.capturedAt,
      capturedAt: draft.capturedAt,
      ifSame: 'return_existing',
    },
  };
}

/** Minor units; whatever it is where there is a mistake. */
function readAmount({ amount, currency }: Draft, mistakes: Mistakes): bigint {
  const wrong = amount === null ? 'is empty' : decimalFault(amount);
  if (wrong !== null) mistakes.add('amount', wrong);
  if (currency === null) mistakes.add('currency', 'is empty');
  else if (!isCurrency(currency)) mistakes.add('currency', 'must be an ISO 4217 code in capitals, such as USD');
  else if (wrong === null && amount !== null) {
    const minor = parseMajor(amount, currency);
    if (minor !== null) return minor;
    mistakes.add('amount', `${currency} has ${currencyExponent(currency)} decimals`);
  }
  return 0n;
}

function readDetails({ details, method, customer, device }: Draft, mistakes: Mistakes): PaymentDetails {
  const { type } = method;
  if (type === undefined && Object.keys(method).length > 0) mistakes.add('method_type', 'is empty');
  return {
    ...details,
    ...(type === undefined ? {} : { method: method as PaymentMethod }),
    ...(Object.keys(customer).length === 0 ? {} : { customer }),
    ...(Object.keys(device).length === 0 ? {} : { device }),
  };
}

/** As the API has it. */
const MAX_LEARNERS = 500;

function readEntitlements(draft: Draft, mistakes: Mistakes): RegisterPayment['entitlements'] {
  const { learners, entitlementKind: kind, entitlementTarget: target, viaCoupon } = draft;
  if (viaCoupon && draft.couponCode === null) mistakes.add('coupon_code', 'is empty, but via_coupon is true');
  if (learners.length === 0 && kind === null && target === null) return [];
  if (learners.length === 0 || learners.includes('')) mistakes.add('learner', 'is empty');
  if (learners.length > MAX_LEARNERS) mistakes.add('learner', `names more than ${MAX_LEARNERS}`);
  if (new Set(learners).size !== learners.length) mistakes.add('learner', 'names somebody twice');
  if (kind === null) mistakes.add('entitlement_kind', 'is empty');
  if (target === null) mistakes.add('entitlement_target', 'is empty');
  if (kind === null || target === null) return [];
  return learners.map((learner) => ({ learner, kind, target, viaCoupon }));
}
