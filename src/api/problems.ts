/** Refusals as problem details (RFC 9457): the fact in a sentence, and the numbers behind it in fields. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { maskCardNumbers } from '../core/card-number.ts';
import { maskKeys } from '../core/own-keys.ts';
import { errorDefinition, type Refusal, refusal, Refused } from '../core/errors.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Payment, refundableMinor } from '../core/payment.ts';
import type { Refundry } from '../engine/refundry.ts';
import { amountView, exactJson } from './exact-json.ts';
import { factsView } from './journal-views.ts';
import { shownPath } from './shown-path.ts';

export interface ParameterProblem {
  readonly parameter: string;
  readonly problem: string;
}

/** A request with parameters that cannot be: `invalid_request`, listing them. */
export class InvalidRequest extends Error {
  readonly problems: readonly ParameterProblem[];

  constructor(problems: readonly ParameterProblem[]) {
    super('invalid request');
    this.name = 'InvalidRequest';
    this.problems = problems;
  }
}

/** A command that was refused: thrown by handlers, so that what they return is always a success. */
export class Declined extends Error {
  readonly outcome: Outcome;
  readonly refusal: Refusal;

  constructor(outcome: Outcome, refused: Refusal) {
    super(refused.message);
    this.name = 'Declined';
    this.outcome = outcome;
    this.refusal = refused;
  }
}

/** What clients are asked to wait after 503, and after a 429 that does not say how long. */
const RETRY_AFTER_SECONDS = 1;

export type Problem = Readonly<Record<string, unknown>>;

/** Known beside a refusal. */
interface Known {
  readonly requestId: string;
  readonly status?: number;
  readonly problems?: readonly ParameterProblem[];
  readonly payment?: Payment | null;
  readonly refundId?: string | null;
}

/** The numbers of a payment come first, then all other facts by name: the same order whenever it is written. */
const FIRST_FACTS = ['payment_id', 'amount', 'currency', 'captured', 'refunded', 'reserved', 'refundable'] as const;

/** Names that nobody knows are told back to whoever sent them, and end in their logs. */
const masked = (text: string): string => maskKeys(maskCardNumbers(text));

export function problemOf(refused: Refusal, known: Known): Problem {
  const { code } = refused;
  const message = masked(refused.message);
  const definition = errorDefinition(code);
  const { parameter, status: currentStatus, ...others } = factsView(refused.facts);
  const { payment = null, refundId = null } = known;
  const facts: Record<string, unknown> = {
    ...(payment === null ? {} : breakdown(payment)),
    ...(refundId === null ? {} : { refund_id: refundId }),
    ...others,
    // RFC 9457 has `status` for the HTTP status.
    ...(currentStatus === undefined ? {} : { current_status: currentStatus }),
  };
  const problems =
    known.problems ??
    (typeof parameter === 'string'
      ? [{ parameter, problem: message.startsWith(`${parameter}: `) ? message.slice(parameter.length + 2) : message }]
      : undefined);
  const first = FIRST_FACTS.filter((name) => name in facts);
  const rest = Object.keys(facts)
    .filter((name) => !(first as readonly string[]).includes(name))
    .sort();
  return {
    type: `/docs/errors#${code}`,
    title: definition.title,
    status: known.status ?? definition.status,
    detail: message,
    code,
    request_id: known.requestId,
    ...(problems === undefined ? {} : { errors: problems }),
    ...Object.fromEntries([...first, ...rest].map((name) => [name, facts[name]])),
  };
}

function breakdown(payment: Payment): Record<string, unknown> {
  return {
    payment_id: payment.id,
    currency: payment.currency,
    captured: amountView(payment.capturedMinor),
    refunded: amountView(payment.refundedMinor),
    reserved: amountView(payment.reservedMinor),
    refundable: amountView(refundableMinor(payment)),
  };
}

/** The problem of a refused outcome. What was decided earlier names the request that it was decided for. */
export function problemOfOutcome(outcome: Outcome, refused: Refusal, requestId: string): Problem {
  return problemOf(refused, {
    requestId: outcome.entry?.requestId ?? requestId,
    payment: outcome.payment,
    refundId: outcome.refund?.id ?? null,
  });
}

function problemOfParameters(problems: readonly ParameterProblem[], requestId: string, status = 400): Problem {
  const shown = problems.map((one) => ({
    parameter: masked(one.parameter),
    problem: masked(one.problem),
  }));
  const [first] = shown;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const message = first === undefined ? 'the request cannot be read' : `${first.parameter}: ${first.problem}${more}`;
  return problemOf(refusal('invalid_request', message), { requestId, problems: shown, status });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const status = Number(problem['status']);
  reply.code(status).header('content-type', 'application/problem+json');
  if (status === 503 || status === 429) reply.header('retry-after', problem['retry_after'] ?? RETRY_AFTER_SECONDS);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.send(exactJson(problem));
}

/** Answers every error of a scope with a problem. */
export function answerErrors(app: FastifyInstance, refundry: Refundry): void {
  app.setErrorHandler(async (error: Error, request, reply) =>
    sendProblem(reply, problemOfError(await refusedIfAway(error, refundry), request)),
  );
}

/**
 * The same error, unless the database is away: then the refusal that it comes to, and the operator is told. What has a status
 * is of the request: one that is cut off has the code of a lost connection, too.
 */
async function refusedIfAway(error: Error & { statusCode?: number }, refundry: Refundry): Promise<Error> {
  if (error.statusCode !== undefined) return error;
  return refundry
    .unlessAway(Promise.reject<never>(error))
    .catch((said: unknown) => (said instanceof Error ? said : error));
}

/** Answers every error and every unknown path of a scope with a problem. */
export function answerProblems(app: FastifyInstance, refundry: Refundry): void {
  answerErrors(app, refundry);
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${shownPath(request.url)}`;
    return sendProblem(reply, problemOf(refusal('resource_not_found', message), { requestId: request.id }));
  });
}

function problemOfError(error: Error & { statusCode?: number; code?: unknown }, request: FastifyRequest): Problem {
  const requestId = request.id;
  if (error instanceof Declined) return problemOfOutcome(error.outcome, error.refusal, requestId);
  if (error instanceof Refused) return problemOf(error.refusal, { requestId });
  if (error instanceof InvalidRequest) return problemOfParameters(error.problems, requestId);
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problemOfParameters([{ parameter: 'Content-Type', problem: 'must be application/json' }], requestId, 415);
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problemOfParameters([{ parameter: 'body', problem: tooLarge(request) }], requestId, 413);
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return problemOfParameters([{ parameter: 'request', problem: 'cannot be read' }], requestId);
  }
  request.log.error({ err: error }, 'request failed');
  return problemOf(refusal('internal_error', 'Refundry made a mistake; please report it with the request_id'), {
    requestId,
  });
}

function tooLarge({ routeOptions: { bodyLimit } }: FastifyRequest): string {
  return `is larger than ${bodyLimit / 1024} KiB`;
}
