/** Where the fields of a row of `COPY` lie in its bytes, and the few of them that are read as values. */

const TWO_TO_32 = 0x1_0000_0000;
const MICROSECONDS_TO_2000 = 946_684_800_000_000;

export class Fields {
  /** Of each field: where its bytes begin, and how many there are; -1: there is no value. */
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  bytes: Buffer = Buffer.alloc(0);
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    this.starts = new Int32Array(count);
    this.lengths = new Int32Array(count);
  }

  /** Takes in the row whose first field's length is at `at`. */
  read(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    const { starts, lengths } = this;
    let next = at;
    for (let field = 0; field < this.#count; field += 1) {
      const length = int32(bytes, next);
      next += 4;
      starts[field] = next;
      lengths[field] = length;
      if (length > 0) next += length;
    }
  }

  start(field: number): number {
    return this.starts[field] ?? 0;
  }

  /** Where a field ends, and the next one's length begins. */
  end(field: number): number {
    return this.start(field) + Math.max(0, this.length(field));
  }

  length(field: number): number {
    return this.lengths[field] ?? -1;
  }

  has(field: number): boolean {
    return this.length(field) >= 0;
  }

  bool(field: number): boolean {
    return this.length(field) === 1 && this.bytes[this.start(field)] === 1;
  }

  int4(field: number): number {
    return int32(this.bytes, this.start(field));
  }

  /** Exact up to 2^53; beyond, as near as a number gets, which `Number.isSafeInteger` tells. */
  int8(field: number): number {
    const at = this.start(field);
    return int32(this.bytes, at) * TWO_TO_32 + (int32(this.bytes, at + 4) >>> 0);
  }

  /** Microseconds since 1970. */
  microseconds(field: number): number {
    return this.int8(field) + MICROSECONDS_TO_2000;
  }

  /** Of a UUIDv7: milliseconds since 1970. */
  uuidMilliseconds(field: number): number {
    const at = this.start(field);
    const bytes = this.bytes;
    return int32(bytes, at) * 0x1_0000 + (((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0)) + sign(bytes, at);
  }

  /** ASCII, such as kinds; for what people write, `utf8`. */
  ascii(field: number): string {
    return this.bytes.toString('latin1', this.start(field), this.end(field));
  }

  utf8(field: number): string {
    return this.bytes.toString('utf8', this.start(field), this.end(field));
  }

  uuid(field: number): string {
    const hex = this.bytes.toString('hex', this.start(field), this.end(field));
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}

/** The first bit of a time of 48 bits is no sign. */
const sign = (bytes: Buffer, at: number): number => ((bytes[at] ?? 0) > 0x7f ? TWO_TO_32 * 0x1_0000 : 0);

function int32(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}
