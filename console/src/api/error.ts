/** Why a request failed, as the API says it (RFC 9457), or that its answer never came. */

export interface ParameterProblem {
  readonly parameter: string;
  readonly problem: string;
}

/** The members that every problem has; what is beside them are the facts behind it. */
const COMMON = new Set(['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors']);

export class ApiError extends Error {
  /** A code of /docs/errors; `no_answer` when none came. */
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The kind of problem, for a heading. */
  readonly title: string;
  /** The violated fact and the numbers, in a sentence. */
  readonly detail: string;
  /** The numbers in fields; amounts in minor units. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly problems: readonly ParameterProblem[];
  readonly requestId: string | null;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    const text = (name: string, otherwise: string): string => (typeof body[name] === 'string' ? body[name] : otherwise);
    const detail = text('detail', `The server answered ${status} without saying why.`);
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    // Every answer of the server's own has a code; without one, somebody between said it.
    this.code = text('code', 'no_answer');
    this.title = text('title', 'The request failed');
    this.detail = detail;
    this.requestId = typeof body['request_id'] === 'string' ? body['request_id'] : null;
    this.problems = Array.isArray(body['errors']) ? (body['errors'] as ParameterProblem[]) : [];
    this.facts = Object.fromEntries(Object.entries(body).filter(([name]) => !COMMON.has(name)));
  }

  /** Whether the command may have happened all the same: then it may only be repeated with the same key. */
  get isUndecided(): boolean {
    return this.code === 'no_answer' || (this.status >= 500 && this.code !== 'overloaded');
  }
}

export function noAnswer(): ApiError {
  return new ApiError(0, {
    code: 'no_answer',
    title: 'No answer',
    detail: 'The server did not answer: check the connection.',
  });
}
