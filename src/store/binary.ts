/**
 * Parameters in PostgreSQL's binary format: arrays of rows, and of single values. To write them as text costs several times
 * as much, here (escaping, garbage) and in the server (parsing); and one array of rows costs the server less than half of an
 * array per column, each of which it would unnest by itself. Formats: `array_recv`, `record_recv`, `uuid_recv`,
 * `timestamptz_recv` and `jsonb_recv` in PostgreSQL's source, which have not changed since version 9.4.
 */

/** Element types by name, with their object ids in `pg_type`. */
const OIDS = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, timestamptz: 1184, uuid: 2950, jsonb: 3802 } as const;
export type ElementType = keyof typeof OIDS;

/** One column of a row: its name, its type, and where its values come from. */
export type Column<T> = readonly [name: string, type: ElementType, value: (item: T) => Cell];

/** How a value of each type is given: bytes as hex, times in milliseconds since 1970, JSON as its text. */
export type Cell = string | number | bigint | boolean | null | undefined;

const ARRAY_HEADER_BYTES = 20;
const MILLISECONDS_TO_2000 = 946_684_800_000;
const JSONB_VERSION = 1;
/** Room to begin with; doubled when it does not do. */
const INITIAL_BYTES = 32 * 1024;

/** The value of each character code as a hexadecimal digit; above 15 for what is none. */
const NO_DIGIT = 0xff;
const NIBBLES = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  NIBBLES[digit.charCodeAt(0)] = value;
  NIBBLES[digit.toUpperCase().charCodeAt(0)] = value;
}
/** Where the 16 bytes of a UUID stand in its text. */
const UUID_PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const UUID_LENGTH = 36;

export class ParameterWriter {
  #buffer: Buffer;
  /** Where the parameter at hand begins, and where its next byte goes. */
  #from = 0;
  #at = 0;

  constructor(bytes = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  /** Values of one type. Throws `TypeError` for a value that is none of it. */
  array(type: ElementType, values: readonly Cell[]): Buffer {
    this.#begin(OIDS[type], values.length);
    for (const value of values) this.#cell(type, value);
    return this.#parameter();
  }

  /** Rows of a composite type, given by its object id in this database. Throws `TypeError` for a value that does not fit. */
  rows<T>(rowOid: number, columns: readonly Column<T>[], items: readonly T[]): Buffer {
    this.#begin(rowOid, items.length);
    for (const item of items) {
      this.#reserve(8);
      const start = this.#at - this.#from;
      this.#at += 4;
      this.#int32(columns.length);
      for (const [, type, valueOf] of columns) {
        this.#reserve(4);
        this.#int32(OIDS[type]);
        this.#cell(type, valueOf(item));
      }
      const at = this.#from + start;
      this.#buffer.writeInt32BE(this.#at - at - 4, at);
    }
    return this.#parameter();
  }

  #begin(elementOid: number, length: number): void {
    this.#from = this.#at;
    this.#reserve(ARRAY_HEADER_BYTES);
    this.#int32(length === 0 ? 0 : 1);
    // Whether there are nulls is seen element by element; this flag is not looked at.
    this.#int32(1);
    this.#int32(elementOid);
    if (length === 0) return;
    this.#int32(length);
    this.#int32(1);
  }

  #cell(type: ElementType, value: Cell): void {
    if (value !== null && value !== undefined) return this.#element(type, value);
    this.#reserve(4);
    this.#int32(-1);
  }

  #element(type: ElementType, value: string | number | bigint | boolean): void {
    switch (type) {
      case 'text':
        return this.#text(value, 0);
      case 'jsonb':
        return this.#text(value, 1);
      case 'int8':
        this.#reserve(12);
        this.#int32(8);
        if (typeof value === 'bigint') this.#at = this.#buffer.writeBigInt64BE(value, this.#at);
        else this.#int64(safeInteger(value));
        return;
      case 'timestamptz':
        this.#reserve(12);
        this.#int32(8);
        return this.#microseconds(safeInteger(value) - MILLISECONDS_TO_2000);
      case 'uuid':
        return this.#uuid(value);
      case 'bytea': {
        if (typeof value !== 'string' || value.length % 2 !== 0) throw unfit(type, value);
        this.#reserve(4 + value.length / 2);
        this.#int32(value.length / 2);
        if (this.#buffer.write(value, this.#at, 'hex') !== value.length / 2) throw unfit(type, value);
        this.#at += value.length / 2;
        return;
      }
      case 'int4':
        this.#reserve(8);
        this.#int32(4);
        return this.#int32(safeInteger(value));
      case 'bool':
        if (typeof value !== 'boolean') throw unfit(type, value);
        this.#reserve(5);
        this.#int32(1);
        this.#buffer[this.#at] = value ? 1 : 0;
        this.#at += 1;
        return;
    }
  }

  /** UTF-8; behind `lead` bytes of jsonb's version. */
  #text(value: unknown, lead: 0 | 1): void {
    if (typeof value !== 'string') throw unfit('text', value);
    // No UTF-16 unit takes more than three bytes.
    this.#reserve(5 + value.length * 3);
    const length = this.#buffer.write(value, this.#at + 4 + lead, 'utf8');
    this.#int32(length + lead);
    if (lead === 1) this.#buffer[this.#at] = JSONB_VERSION;
    this.#at += length + lead;
  }

  #uuid(value: unknown): void {
    if (typeof value !== 'string' || value.length !== UUID_LENGTH) throw unfit('uuid', value);
    this.#reserve(20);
    this.#int32(16);
    const buffer = this.#buffer;
    let at = this.#at;
    let seen = 0;
    for (const pair of UUID_PAIRS) {
      const high = NIBBLES[value.charCodeAt(pair)] ?? NO_DIGIT;
      const low = NIBBLES[value.charCodeAt(pair + 1)] ?? NO_DIGIT;
      seen |= high | low;
      buffer[at] = (high << 4) | low;
      at += 1;
    }
    if (seen > 15) throw unfit('uuid', value);
    this.#at = at;
  }

  #int32(value: number): void {
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }

  #microseconds(milliseconds: number): void {
    const microseconds = milliseconds * 1000;
    // Within 285 years of 2000; beyond, a double has not the digits.
    if (Number.isSafeInteger(microseconds)) return this.#int64(microseconds);
    this.#at = this.#buffer.writeBigInt64BE(BigInt(milliseconds) * 1000n, this.#at);
  }

  /** A number beyond 32 bits: in two halves, without a `bigint`. */
  #int64(value: number): void {
    this.#at = this.#buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), this.#at);
    this.#at = this.#buffer.writeUInt32BE(value - Math.floor(value / 0x1_0000_0000) * 0x1_0000_0000, this.#at);
  }

  #parameter(): Buffer {
    return this.#buffer.subarray(this.#from, this.#at);
  }

  /** What was handed out stays where it is: a full buffer is left to its parameters, and the one at hand moves on. */
  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const begun = this.#parameter();
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, 2 * (begun.length + bytes)));
    begun.copy(larger);
    this.#buffer = larger;
    this.#from = 0;
    this.#at = begun.length;
  }
}

function safeInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unfit('integer', value);
  return value;
}

function unfit(type: string, value: unknown): TypeError {
  return new TypeError(`a value of type ${typeof value} is no ${type}`);
}
