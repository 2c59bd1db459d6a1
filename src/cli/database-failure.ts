/** Databases that are away, refuse us or are not ours: said in one sentence, without a stack trace. */
import { Failure } from './failure.ts';

/** By Node's and PostgreSQL's codes: no connection, no permission, too many connections, shutting down, out of space. */
const CODES = /^(?:E[A-Z_]+|08...|28...|3D000|42501|53...|57...|58...)$/;
/** The driver's own, which have no code. */
const SENTENCES =
  /^(?:Connection terminated|timeout e|Query read timeout|SASL|The server does not support SSL|Client )/;

/** A failure to reach or use the database; `null` for anything else. */
export function databaseFailure(error: unknown): Failure | null {
  const first = firstOf(error);
  if (first === null) return null;
  const code = 'code' in first && typeof first.code === 'string' ? first.code : '';
  const isOfDatabase = 'severity' in first || 'syscall' in first;
  if (!(isOfDatabase && CODES.test(code)) && !SENTENCES.test(first.message)) return null;
  return new Failure('database_unavailable', sentence(first));
}

/** For errors while opening the books: whatever it is, it is the operator's to put right. */
export function forOperator(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const first = firstOf(error);
  return new Failure('database_unavailable', first === null ? String(error) : sentence(first));
}

/** Node tries every address of a host and reports all failures together. */
function firstOf(error: unknown): Error | null {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first : null;
}

function sentence(error: Error): string {
  return error.message === '' ? `the database cannot be reached (${error.name})` : error.message;
}
