/** A request that is being made up, and the bytes that it becomes. */
import type { Random } from '../kit/random.ts';

/** Who must answer, and as what: a documented operation, a partner, the console, a page; or whoever it concerns. */
export type Owner =
  | { readonly kind: 'native'; readonly operation: string }
  | { readonly kind: 'partner'; readonly name: string; readonly operation: string }
  | { readonly kind: 'console'; readonly route: string }
  | { readonly kind: 'page' }
  | { readonly kind: 'anybody' };

export interface Draft {
  method: string;
  /** Path and query. */
  target: string;
  headers: [name: string, value: string][];
  body: Buffer | null;
  owner: Owner;
  /** That of the route: `POST /v1/refunds`. */
  readonly route: string;
  /** Whether it can be no acceptable request: then nothing may come of it. */
  isFaulty: boolean;
  /** What must stand in the answer as it was sent, if the answer speaks of it. */
  echo: string | null;
  readonly changes: string[];
  /** Sent on a line of its own, since its answer may not end. */
  isEndless: boolean;
}

export function setHeader(draft: Draft, name: string, value: string): void {
  removeHeader(draft, name);
  draft.headers.push([name, value]);
}

export function removeHeader(draft: Draft, name: string): void {
  draft.headers = draft.headers.filter(([given]) => given.toLowerCase() !== name.toLowerCase());
}

/** The request's first lines, without those about the body's length. */
export function headOf({ method, target, headers }: Draft, version = 'HTTP/1.1'): string {
  return `${method} ${target} ${version}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`;
}

/** The whole request, its body in one piece or in chunks. */
export function bytesOf(draft: Draft, random: Random): Buffer {
  const { body } = draft;
  const head = headOf(draft);
  if (body === null) return Buffer.from(`${head}\r\n`, 'latin1');
  if (random.oneIn(8)) {
    return Buffer.concat([Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n`, 'latin1'), ...chunks(body, random)]);
  }
  return Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`, 'latin1'), body]);
}

/** A body in chunks that end anywhere. */
export function chunks(body: Buffer, random: Random): Buffer[] {
  const parts: Buffer[] = [];
  // No more than some hundred.
  const most = Math.max(random.pick([1, 7, 100, 5_000]), Math.ceil(body.length / 150));
  for (let at = 0; at < body.length;) {
    const part = body.subarray(at, at + random.between(Math.ceil(most / 2), most));
    const digits = random.oneIn(2) ? part.length.toString(16) : part.length.toString(16).toUpperCase().padStart(4, '0');
    parts.push(Buffer.from(`${digits}${random.oneIn(20) ? ';a="b"' : ''}\r\n`), part, Buffer.from('\r\n'));
    at += part.length;
  }
  parts.push(Buffer.from(`0\r\n${random.oneIn(10) ? 'x-trailer: 1\r\n' : ''}\r\n`));
  return parts;
}
