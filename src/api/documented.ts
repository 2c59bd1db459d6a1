/** What the OpenAPI document says of an operation's refusals: by status, each code with its title. */
import { type TSchema, Type } from 'typebox';
import { type ErrorCode, errorDefinition } from '../core/errors.ts';
import { component, ref } from './shapes.ts';

export const ProblemResource = component(
  'Problem',
  {
    type: Type.String({ description: 'Where the error is explained: a path of this server.' }),
    title: Type.String({ description: 'The same for every occurrence.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({ description: 'The violated fact and its numbers, in a sentence for people.' }),
    code: Type.String({ description: 'For programs: a code of /docs/errors.' }),
    request_id: Type.String({
      description: 'The request that this was decided for: of a replayed answer, the first one.',
    }),
    errors: Type.Optional(
      Type.Array(Type.Object({ parameter: Type.String(), problem: Type.String() }), {
        description: 'With invalid_request: which parameters, and what is wrong with each.',
      }),
    ),
  },
  {
    additionalProperties: true,
    description:
      'Problem details (RFC 9457). The numbers behind the refusal are further fields, amounts in minor units; whatever concerns a payment has its breakdown.',
  },
);

/** What any operation may answer. */
const ALWAYS: readonly ErrorCode[] = [
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'invalid_request',
  'overloaded',
  'internal_error',
];

/** Beside these, what any operation that goes through the engine may answer. */
export const WRITING: readonly ErrorCode[] = ['idempotency_key_reused', 'outcome_unknown'];

const PROBLEM = ref(ProblemResource);

/** Nothing that a handler could return. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
type NoAnswers = {};

/** An operation's refusals by status. Typed as nothing: handlers throw them, and never return one. */
export function refusals(...codes: readonly ErrorCode[]): NoAnswers {
  const byStatus = new Map<number, string[]>();
  for (const code of [...ALWAYS, ...codes]) {
    const { status, title } = errorDefinition(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${title}.`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, sentences]) => [
      status,
      {
        description: sentences.join(' '),
        content: { 'application/problem+json': { schema: PROBLEM } },
      },
    ]),
  );
}

/** An accepted answer with its description. */
export function answer<Schema extends TSchema>(schema: Schema, description: string): Schema {
  return { ...schema, description };
}
