/** What is the matter with the database, when it is the database: told apart by what an operator would do about it. */

export type TroubleKind =
  | 'disk_full'
  | 'disk_broken'
  | 'too_many_connections'
  | 'out_of_memory'
  | 'read_only'
  | 'too_slow'
  | 'not_accepting'
  | 'unreachable';

export interface DatabaseTrouble {
  readonly kind: TroubleKind;
  /** For the operator, without anything of a request. */
  readonly sentence: string;
}

const SENTENCES: Readonly<Record<TroubleKind, string>> = {
  disk_full: 'the disk of PostgreSQL is full: make room on it',
  disk_broken: 'PostgreSQL cannot read or write its files: look at its disk and its log',
  too_many_connections: 'PostgreSQL has no connection left: close some, or raise max_connections',
  out_of_memory: 'PostgreSQL is out of memory, or of another resource that its log names',
  read_only: 'the database may only be read: it is a standby, or was made read-only',
  too_slow: 'PostgreSQL does not answer in time: look at its load and its disk',
  not_accepting: 'PostgreSQL is starting or stopping, or ended the connection',
  unreachable: 'PostgreSQL cannot be reached: it is down, or the network is',
};

/**
 * By SQLSTATE (PostgreSQL's documentation, appendix A) or by Node's code of a failed system call; the first that fits. None
 * says anything about the request.
 */
const BY_CODE: readonly (readonly [pattern: RegExp, kind: TroubleKind])[] = [
  [/^53100$|^ENOSPC$/, 'disk_full'],
  [/^53300$/, 'too_many_connections'],
  [/^53/, 'out_of_memory'],
  // read_only_sql_transaction; and a standby that ends reads which hold its recovery up.
  [/^25006$|^40001$/, 'read_only'],
  // query_canceled: by statement_timeout.
  [/^57014$|^ETIMEDOUT$/, 'too_slow'],
  [/^57/, 'not_accepting'],
  [/^58/, 'disk_broken'],
  [/^08|^(?:ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)$/, 'unreachable'],
];

/** The driver's own errors have no code; and a standby refuses BEGIN READ WRITE by a code that may mean anything. */
const BY_MESSAGE: readonly (readonly [pattern: RegExp, kind: TroubleKind])[] = [
  [/^(?:timeout exceeded when trying to connect|timeout expired|Query read timeout)/, 'too_slow'],
  [/^(?:Connection terminated|Client has encountered a connection error)/, 'unreachable'],
  [/^cannot set transaction read-write mode during recovery/, 'read_only'],
];

/** What an error, or what it was caused by, says of the database; `null` when it says nothing of it. */
export function databaseTrouble(error: unknown): DatabaseTrouble | null {
  if (!(error instanceof Error)) return null;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  // Node tries every address of a host and reports all failures together.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  const inner = databaseTrouble(cause) ?? databaseTrouble(first);
  if (inner !== null) return inner;
  const [, kind] =
    BY_CODE.find(([pattern]) => typeof code === 'string' && pattern.test(code)) ??
    BY_MESSAGE.find(([pattern]) => pattern.test(error.message)) ??
    [];
  return kind === undefined ? null : { kind, sentence: SENTENCES[kind] };
}

/** Whether an error of a query says that the database cannot be used now, rather than anything about the query. */
export const isDatabaseAway = (error: unknown): boolean => databaseTrouble(error) !== null;
