/**
 * Two tables that must say the same of each other are read once each, in whatever order. What a row of one says, and what
 * the other says that it must, are the same bytes: a claim. Claims of one side are added, those of the other subtracted, as
 * numbers that nobody can foresee: SHA-256 under a key of this run. Zero is left when both sides made the same claims,
 * each as often; for anything else it is one case in 2^128.
 */
import { hash, randomBytes } from 'node:crypto';

const KEY_BYTES = 16;
const INITIAL_BYTES = 4096;
/** Below it, byte by byte is faster than a call. */
const SHORT = 160;

export class Claims {
  #scratch = Buffer.alloc(INITIAL_BYTES);
  /** The scratch up to each length: to make such a view takes as long as a quarter of a hash. */
  #views: (Buffer | undefined)[] = [];
  #at = 0;
  #first = 0;
  #second = 0;
  #third = 0;
  #fourth = 0;

  constructor() {
    randomBytes(KEY_BYTES).copy(this.#scratch);
  }

  /** Begins a claim; `about` tells one kind of claims from the others. */
  begin(about: number): this {
    this.#scratch[KEY_BYTES] = about;
    this.#at = KEY_BYTES + 1;
    return this;
  }

  bytes(bytes: Buffer, from: number, to: number): this {
    const length = to - from;
    if (this.#at + length > this.#scratch.length) this.#grow(length);
    const scratch = this.#scratch;
    let at = this.#at;
    if (length > SHORT) {
      bytes.copy(scratch, at, from, to);
    } else {
      for (let index = from; index < to; index += 1) {
        scratch[at] = bytes[index] ?? 0;
        at += 1;
      }
    }
    this.#at += length;
    return this;
  }

  /** Bytes as a text of one character each. */
  binary(text: string): this {
    if (this.#at + text.length > this.#scratch.length) this.#grow(text.length);
    for (let index = 0; index < text.length; index += 1) this.#scratch[this.#at + index] = text.charCodeAt(index);
    this.#at += text.length;
    return this;
  }

  /** A number from 0 to 255. */
  byte(value: number): this {
    if (this.#at === this.#scratch.length) this.#grow(1);
    this.#scratch[this.#at] = value;
    this.#at += 1;
    return this;
  }

  /** The length of a field in four bytes. */
  length(value: number): this {
    return this.byte(value >>> 24)
      .byte((value >>> 16) & 0xff)
      .byte((value >>> 8) & 0xff)
      .byte(value & 0xff);
  }

  add(): void {
    this.#count(1);
  }

  subtract(): void {
    this.#count(-1);
  }

  /** Whether both sides made the same claims. */
  get isEven(): boolean {
    return this.#first === 0 && this.#second === 0 && this.#third === 0 && this.#fourth === 0;
  }

  #count(sign: 1 | -1): void {
    const sum = hash('sha256', this.#view(), 'binary');
    this.#first = (this.#first + sign * word(sum, 0)) | 0;
    this.#second = (this.#second + sign * word(sum, 4)) | 0;
    this.#third = (this.#third + sign * word(sum, 8)) | 0;
    this.#fourth = (this.#fourth + sign * word(sum, 12)) | 0;
  }

  #view(): Buffer {
    const view = this.#views[this.#at];
    if (view !== undefined) return view;
    const made = this.#scratch.subarray(0, this.#at);
    this.#views[this.#at] = made;
    return made;
  }

  #grow(length: number): void {
    const larger = Buffer.alloc(2 * (this.#scratch.length + length));
    this.#scratch.copy(larger);
    this.#scratch = larger;
    this.#views = [];
  }
}

const word = (text: string, at: number): number =>
  text.charCodeAt(at) |
  (text.charCodeAt(at + 1) << 8) |
  (text.charCodeAt(at + 2) << 16) |
  (text.charCodeAt(at + 3) << 24);
