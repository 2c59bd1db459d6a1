/**
 * Fields as bytes, for hashes: each field's length in four bytes (-1, without bytes, where there is no value), then its
 * bytes, most significant first, exactly as PostgreSQL's `COPY … (FORMAT binary)` writes a row's fields (documented under
 * COPY; unchanged since version 7.4). So the hash of a row is a hash of what the database sends, and whoever wants to prove
 * one needs nothing of Refundry's.
 */
import { hash } from 'node:crypto';

const INITIAL_BYTES = 16 * 1024;
const MILLISECONDS_TO_2000 = 946_684_800_000;
const TWO_TO_32 = 0x1_0000_0000;
/** Below it, byte by byte is faster than a call. */
const SHORT_TEXT = 48;
const NOT_ASCII = 0x80;
const JSONB_VERSION = 1;

const NO_DIGIT = 0xff;
const NIBBLES = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of [...'0123456789abcdef'].entries()) NIBBLES[digit.charCodeAt(0)] = value;
/** Where the 16 bytes of a UUID stand in its text. */
const UUID_PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const UUID_LENGTH = 36;

/** What is written is over as soon as the next record begins: a hash is taken before that. */
export class RecordWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #at = 0;

  begin(): this {
    this.#at = 0;
    return this;
  }

  /** Bytes without their length, hex. */
  raw(hex: string): this {
    this.#reserve(hex.length / 2);
    this.#at += this.#buffer.write(hex, this.#at, 'hex');
    return this;
  }

  int8(value: bigint | null): this {
    if (value === null) return this.#none();
    this.#reserve(12);
    this.#int32(8);
    const number = Number(value);
    if (Number.isSafeInteger(number)) this.#int64(number);
    else this.#at = this.#buffer.writeBigInt64BE(BigInt.asIntN(64, value), this.#at);
    return this;
  }

  int4(value: number): this {
    this.#reserve(8);
    this.#int32(4);
    this.#int32(value);
    return this;
  }

  /** Milliseconds since 1970, as microseconds since 2000 in eight bytes. */
  time(ms: number | null): this {
    if (ms === null || Number.isNaN(ms)) return this.#none();
    this.#reserve(12);
    this.#int32(8);
    const microseconds = Math.round((ms - MILLISECONDS_TO_2000) * 1000);
    if (Number.isSafeInteger(microseconds)) this.#int64(microseconds);
    else this.#at = this.#buffer.writeBigInt64BE(BigInt.asIntN(64, BigInt(microseconds)), this.#at);
    return this;
  }

  /** Its 16 bytes. What is no UUID, as no id of the database is, stands as text. */
  uuid(value: string | null): this {
    if (value === null) return this.#none();
    if (value.length !== UUID_LENGTH) return this.text(value);
    this.#reserve(20);
    this.#int32(16);
    const buffer = this.#buffer;
    let at = this.#at;
    let seen = 0;
    for (const pair of UUID_PAIRS) {
      const high = NIBBLES[value.charCodeAt(pair) & 0xff] ?? NO_DIGIT;
      const low = NIBBLES[value.charCodeAt(pair + 1) & 0xff] ?? NO_DIGIT;
      seen |= high | low;
      buffer[at] = (high << 4) | low;
      at += 1;
    }
    if (seen > 15) {
      this.#at -= 4;
      return this.text(value);
    }
    this.#at = at;
    return this;
  }

  /** UTF-8. */
  text(value: string | null): this {
    if (value === null) return this.#none();
    this.#reserve(4 + value.length * 3);
    this.#at += 4;
    return this.#utf8(value, 0);
  }

  /** Given as hex. */
  bytes(hex: string | null): this {
    if (hex === null) return this.#none();
    this.#reserve(4 + hex.length / 2);
    const written = this.#buffer.write(hex, this.#at + 4, 'hex');
    this.#int32(written);
    this.#at += written;
    return this;
  }

  bool(value: boolean | null): this {
    if (value === null) return this.#none();
    this.#reserve(5);
    this.#int32(1);
    this.#buffer[this.#at] = value ? 1 : 0;
    this.#at += 1;
    return this;
  }

  /** The version of PostgreSQL's binary `jsonb`, 1, and the text that PostgreSQL shows: `storedJson`. */
  json(value: unknown): this {
    if (value === null || value === undefined) return this.#none();
    const text = storedJson(value);
    this.#reserve(5 + text.length * 3);
    this.#buffer[this.#at + 4] = JSONB_VERSION;
    this.#at += 5;
    return this.#utf8(text, 1);
  }

  /** SHA-256, hex, over what was written since `begin`. */
  sha256(): string {
    return hash('sha256', this.#buffer.subarray(0, this.#at), 'hex');
  }

  /** Writes a text behind the room for its length and `lead` bytes that belong to it, and the length. */
  #utf8(value: string, lead: 0 | 1): this {
    const buffer = this.#buffer;
    const start = this.#at - lead - 4;
    let at = this.#at;
    let seen = 0;
    if (value.length < SHORT_TEXT) {
      for (let index = 0; index < value.length; index += 1) {
        const code = value.charCodeAt(index);
        seen |= code;
        buffer[at] = code;
        at += 1;
      }
    } else {
      seen = NOT_ASCII;
    }
    if (seen >= NOT_ASCII) at = this.#at + buffer.write(value, this.#at, 'utf8');
    this.#at = start;
    this.#int32(at - start - 4);
    this.#at = at;
    return this;
  }

  #none(): this {
    this.#reserve(4);
    this.#int32(-1);
    return this;
  }

  /** Byte by byte: half of an entry's hash would else be checks of arguments. */
  #int32(value: number): void {
    const buffer = this.#buffer;
    const at = this.#at;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    this.#at = at + 4;
  }

  #int64(value: number): void {
    const high = Math.floor(value / TWO_TO_32);
    this.#int32(high);
    this.#int32(value - high * TWO_TO_32);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/**
 * JSON as PostgreSQL shows a `jsonb`: a blank behind commas and colons, an object's keys by their length in bytes and then
 * by their bytes, numbers without an exponent. `undefined` members are left out.
 */
export function storedJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return plainNumber(JSON.stringify(value));
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(storedJson).join(', ')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length > 1) members.sort(([a], [b]) => byStoredOrder(a, b));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${storedJson(member)}`).join(', ')}}`;
}

function byStoredOrder(a: string, b: string): number {
  return Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** `1.5e-7` → `0.00000015`. */
function plainNumber(text: string): string {
  const [mantissa = '', exponentText] = text.split('e');
  if (exponentText === undefined) return text;
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.slice(sign.length).split('.');
  const exponent = Number(exponentText);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - whole.length)}${whole}${fraction}`;
  return `${sign}${whole}${fraction}${'0'.repeat(exponent - fraction.length)}`;
}
