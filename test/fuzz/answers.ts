/** Answers as they come over a bare line: read strictly, so that bytes in the wrong place are seen. */
import type { HttpAnswer } from '../kit/server.ts';

export interface Answer extends Omit<HttpAnswer, 'headers'> {
  /** Names in lower case, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bytes: Buffer;
  /** Whether the server hangs up after it. */
  readonly isLast: boolean;
}

export function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string | null {
  return headers.find(([given]) => given === name)?.[1] ?? null;
}

const START = /^HTTP\/1\.1 (\d{3}) [ -~]*$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t -~\u0080-\u00ff]*)$/;
const END_OF_HEAD = '\r\n\r\n';

/** Takes answers off the front of what has come; `null` while the next one is not whole. Throws for what is no answer. */
export function takeAnswer(
  bytes: Buffer,
  method: string,
  hasEnded: boolean,
): { readonly answer: Answer; readonly rest: Buffer } | null {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return null;
  const [start = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(START.exec(start)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error(`no status line: ${JSON.stringify(start.slice(0, 200))}`);
  const headers = lines.map((line): [string, string] => {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no header: ${JSON.stringify(line.slice(0, 200))}`);
    return [name.toLowerCase(), value];
  });
  const after = bytes.subarray(end + END_OF_HEAD.length);
  const done = (body: Buffer, rest: Buffer) => {
    const isLast = headerOf({ headers }, 'connection')?.toLowerCase() === 'close';
    return { answer: { status, headers, body: body.toString(), bytes: body, isLast }, rest };
  };
  // 100 Continue is an answer before the answer.
  if (status < 200) return takeAnswer(after, method, hasEnded);
  const none = Buffer.alloc(0);
  if (method === 'HEAD' || status === 204 || status === 304) return done(none, after);
  const length = headerOf({ headers }, 'content-length');
  if (length !== null) {
    const size = Number(length);
    return after.length < size ? null : done(after.subarray(0, size), after.subarray(size));
  }
  if (headerOf({ headers }, 'transfer-encoding') === 'chunked') {
    const taken = takeChunks(after);
    return taken === null ? null : done(taken.body, taken.rest);
  }
  return hasEnded ? done(after, none) : null;
}

function takeChunks(bytes: Buffer): { readonly body: Buffer; readonly rest: Buffer } | null {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (Number.isNaN(size)) throw new Error('a chunk has no size');
    const next = end + 2 + size + 2;
    if (next > bytes.length) return null;
    if (size === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(next) };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}
