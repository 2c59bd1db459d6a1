/**
 * Requests to the server that this page came from, with the session's cookie. The header tells the server that the
 * request comes from the console's own code: other sites cannot set it.
 */
import { isAttended } from './attendance.ts';
import { ApiError, noAnswer } from './error.ts';
import { parseExactly } from './json.ts';

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON; with `contentType` a text or a blob as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A path with its query; parameters that are null, undefined or empty are left out. */
export function withQuery(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

/** Answers with the parsed body; `undefined` for 204. Throws `ApiError`, and `AbortError` where the signal says so. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  return (await exchange<T>(method, path, options)).body;
}

/** The same with the status, where that says what the body does not: 201 made it, 200 found it there. */
export async function exchange<T>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<{ readonly status: number; readonly body: T }> {
  const { query, body, contentType, idempotencyKey, signal } = options;
  const isRaw = contentType !== undefined && (typeof body === 'string' || body instanceof Blob);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(withQuery(path, query), {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        'x-refundry-console': '1',
        ...(isAttended() ? {} : { 'x-refundry-unattended': '1' }),
        ...(body === undefined ? {} : { 'content-type': isRaw ? contentType : 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    text = await answer.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw noAnswer();
  }
  const parsed = text === '' ? undefined : readBody(text, answer);
  if (!answer.ok) throw new ApiError(answer.status, (parsed ?? {}) as Readonly<Record<string, unknown>>);
  if (text !== '' && parsed === undefined) throw noAnswer();
  return { status: answer.status, body: parsed as T };
}

/** A proxy between may answer with a page, or pass on half of what was said: that is no answer of ours, whatever its status. */
function readBody(text: string, answer: Response): unknown {
  if (!(answer.headers.get('content-type') ?? '').includes('json')) return undefined;
  try {
    return parseExactly(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, { ...(query === undefined ? {} : { query }), signal });

export const post = <T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> =>
  request<T>('POST', path, { ...options, ...(body === undefined ? {} : { body }) });
