/** One request over HTTP, and what its answer proves. Whatever is not a whole, understood answer proves nothing. */
import { type Agent, request } from 'node:http';

export interface Wire {
  readonly path: string;
  readonly secret: string;
  /** The caller's own id of the request: it is in the journal entry, also of what has no idempotency key. */
  readonly requestId: string;
  readonly idempotencyKey: string | null;
  readonly body: object | null;
}

export type Answer =
  /** Done, and committed. */
  | { readonly is: 'accepted'; readonly replayed: boolean; readonly body: Accepted }
  /** The rules refused it: kept, and bound to its key. */
  | { readonly is: 'refused'; readonly replayed: boolean; readonly code: string }
  /** It did not happen, says the server. */
  | { readonly is: 'nothing happened' }
  /** It may have happened, or may yet. */
  | { readonly is: 'unknown'; readonly why: string }
  /** There was nobody to send it to. */
  | { readonly is: 'not sent' }
  /** Everything else. */
  | { readonly is: 'other'; readonly status: number; readonly code: string; readonly text: string };

/** What refunds, settlements and payments have in common in the answers of the API. */
export interface Accepted {
  readonly id: string;
  readonly amount: number;
  readonly status?: string;
}

/** Longer than any deadline of a server: whoever does not answer by then hangs. */
const PATIENCE_MS = 20_000;

export function ask(agent: Agent, url: string, wire: Wire): Promise<Answer> {
  const { path, secret, requestId, idempotencyKey } = wire;
  const body = wire.body === null ? '' : JSON.stringify(wire.body);
  return new Promise((resolve) => {
    const unknown = (why: string): void => resolve({ is: 'unknown', why });
    const sent = request(
      url + path,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${secret}`,
          'x-request-id': requestId,
          'content-length': Buffer.byteLength(body),
          ...(wire.body === null ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
        },
        signal: AbortSignal.timeout(PATIENCE_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => unknown(error.message));
        response.on('close', () => {
          if (!response.complete) unknown('the answer broke off');
          const replayed = response.headers['idempotent-replayed'] === 'true';
          resolve(read(response.statusCode ?? 0, replayed, Buffer.concat(chunks).toString()));
        });
      },
    );
    sent.on('error', (error) => unknown(error.message));
    sent.end(body);
  });
}

function read(status: number, replayed: boolean, text: string): Answer {
  let body;
  try {
    body = JSON.parse(text) as Accepted & { readonly code?: string };
  } catch {
    return { is: 'unknown', why: `${status} and no JSON` };
  }
  if (status === 200 || status === 201) return { is: 'accepted', replayed, body };
  const code = String(body.code);
  // Every refusal of status 409 was decided by the rules.
  if (status === 409) return { is: 'refused', replayed, code };
  if (status === 503 && code === 'overloaded') return { is: 'nothing happened' };
  if (status === 503 && code === 'outcome_unknown') return { is: 'unknown', why: code };
  return { is: 'other', status, code, text };
}
