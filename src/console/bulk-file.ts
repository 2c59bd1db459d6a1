/** A file of refunds: CSV with a header, one refund per line. What cannot be read of a line is said for that line. */
import { type CsvError, parse } from 'csv-parse';
import { findCardNumber } from '../api/card-numbers.ts';
import { InvalidRequest } from '../api/problems.ts';
import { maskCardNumbers } from '../core/card-number.ts';
import type { RefundPayment, RequestedAmount } from '../core/command.ts';
import { isId } from '../core/ids.ts';
import { decodeUtf8, JsonFault, textFault } from '../core/json.ts';
import { currencyExponent, decimalFault, isCurrency, MAX_AMOUNT_MINOR, parseMajor } from '../core/money.ts';
import { referenceNamespaces } from '../dialects/references.ts';
import type { BulkCells } from '../store/bulk-rows.ts';
import { plainCell } from './csv.ts';

/** More is an import, and a screen that nobody checks. */
export const MAX_LINES = 10_000;
/** Ten thousand lines of ids, amounts and reasons. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_REASON_LENGTH = 500;
/** Where only one namespace is in use, people leave its column out. */
const DEFAULT_NAMESPACE = 'native.reference';

const COLUMNS = ['payment', 'reference', 'namespace', 'amount', 'currency', 'reason'] as const;

export interface FileLine {
  /** As a spreadsheet counts: the header is line 1. */
  readonly line: number;
  readonly cells: BulkCells;
  /** Why it cannot be read; `null` if it can. */
  readonly fault: string | null;
}

/** The lines of a file. Throws `InvalidRequest` for what is no such file. */
export async function readFile(bytes: Uint8Array): Promise<FileLine[]> {
  const text = textOf(bytes);
  const [header = ''] = text.split('\n', 1);
  const records = parse(text, {
    bom: true,
    delimiter: header.includes(';') && !header.includes(',') ? ';' : ',',
    relax_column_count: true,
    trim: true,
  });
  let line = 0;
  let columns: readonly Column[] | null = null;
  const lines: FileLine[] = [];
  try {
    for await (const record of records as AsyncIterable<string[]>) {
      line += 1;
      if (columns === null) columns = readHeader(record);
      else if (record.some((cell) => cell !== '')) lines.push(readLine(line, columns, record));
      if (lines.length > MAX_LINES) throw refused(`has more than ${MAX_LINES} lines: split it`);
    }
  } catch (error) {
    if (error instanceof InvalidRequest) throw error;
    const { code, records: before } = error as CsvError & { readonly records: number };
    const mistake = code.includes('QUOTE') ? 'a quote in the wrong place' : 'a mistake';
    throw refused(`is not CSV: line ${before + 1} has ${mistake}`);
  }
  if (lines.length === 0) throw refused('has no lines below its header');
  return lines;
}

type Column = (typeof COLUMNS)[number];

const refused = (problem: string): InvalidRequest => new InvalidRequest([{ parameter: 'file', problem }]);

function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof JsonFault) throw refused('is not UTF-8: save it as "CSV UTF-8"');
    throw error;
  }
}

function readHeader(cells: readonly string[]): Column[] {
  const names = cells.map((cell) => cell.toLowerCase());
  const unknown = names.find((name) => !(COLUMNS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw refused(
      `has a column ${JSON.stringify(maskCardNumbers(unknown).slice(0, 80))}; there are ${COLUMNS.join(', ')}`,
    );
  }
  if (new Set(names).size < names.length) throw refused('has a column twice');
  if (!names.includes('payment') && !names.includes('reference')) {
    throw refused('needs a column payment, with ids, or reference');
  }
  return names as Column[];
}

function readLine(line: number, columns: readonly Column[], record: readonly string[]): FileLine {
  const cells: Record<Column, string> = {
    payment: '',
    reference: '',
    namespace: '',
    amount: '',
    currency: '',
    reason: '',
  };
  for (const [index, column] of columns.entries()) cells[column] = plainCell(record[index] ?? '');
  // Beside a payment's id nobody looks at it, and it is kept with the line.
  cells.namespace = maskCardNumbers(cells.namespace);
  if (record.length > columns.length) return faulty(line, cells, 'has more cells than the header');
  const read = readAction(cells);
  return typeof read === 'string' ? faulty(line, cells, read) : { line, cells, fault: null };
}

/** What cannot be read may be anything: it is kept without card numbers, and no longer than it helps. */
function faulty(line: number, cells: BulkCells, fault: string): FileLine {
  const shown = Object.fromEntries(
    Object.entries(cells).map(([column, cell]: [string, string]) => [
      column,
      textFault(cell) === null ? maskCardNumbers(cell).slice(0, MAX_REASON_LENGTH) : '',
    ]),
  ) as unknown as BulkCells;
  return { line, cells: shown, fault };
}

/** The refund that a line asks for, or in a sentence why it cannot be read. The same cells are always the same refund. */
export function readAction({
  payment,
  reference,
  namespace,
  amount,
  currency,
  reason,
}: BulkCells): RefundPayment | string {
  for (const cell of [payment, reference, namespace, amount, currency, reason]) {
    const fault = textFault(cell);
    if (fault !== null) return `a cell ${fault}`;
  }
  if ((payment === '') === (reference === '')) return 'needs a payment or a reference, and not both';
  if (payment !== '' && !isId(payment)) return 'payment: is no id';
  const named = namespace === '' ? DEFAULT_NAMESPACE : namespace;
  if (reference !== '') {
    const known = referenceNamespaces().find(({ name }) => name === named);
    if (known === undefined)
      return `namespace: there are ${referenceNamespaces()
        .map(({ name }) => name)
        .join(', ')}`;
    if (!known.pattern.test(reference)) return `reference: ${known.description}`;
  }
  if (currency !== '' && !isCurrency(currency)) return 'currency: is no ISO 4217 code: three capital letters';
  if (reason.length > MAX_REASON_LENGTH) return `reason: must have at most ${MAX_REASON_LENGTH} characters`;
  if (findCardNumber(reason, 'reason') !== null) return 'reason: holds a full card number, which is never stored';
  const requested = readAmount(amount, currency);
  if (typeof requested === 'string') return `amount: ${requested}`;
  return {
    kind: 'refund_payment',
    payment: payment !== '' ? { id: payment } : { references: [{ namespace: named, value: reference }] },
    amount: requested,
    reference: null,
    details: reason === '' ? {} : { reason },
    expectedRefundableMinor: null,
  };
}

/** Nothing is all that is left; without a currency the amount is in the payment's own. */
function readAmount(text: string, currency: string): RequestedAmount | string {
  if (text === '') return { kind: 'all', ...(currency === '' ? {} : { currency }) };
  const fault = decimalFault(text);
  if (fault !== null) return fault;
  if (currency === '') return { kind: 'major', text };
  const minor = parseMajor(text, currency);
  if (minor === null) return `${currency} has ${currencyExponent(currency)} decimals, got ${text}`;
  return minor > MAX_AMOUNT_MINOR ? 'has too many digits' : { kind: 'minor', minor, currency };
}
