/** Schemas compiled to checks that change nothing, and their findings in sentences that name the parameter. */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { textFault } from '../core/json.ts';
import { InvalidRequest, type ParameterProblem } from './problems.ts';
import { CURRENCY_PATTERN, ID_PATTERN } from './shapes.ts';

/** More would help nobody, and a hostile body could name thousands. */
const MAX_PROBLEMS = 20;

interface Finding {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
}

interface Constraint extends TSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly maxProperties?: number;
}

/** Never converts, never fills in, never drops. Headers and path parameters are read by those who need them. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart !== 'body' && httpPart !== 'querystring') return (value: unknown) => ({ value });
  const check = Compile(schema);
  const isQuery = httpPart === 'querystring';
  return (value: unknown) => {
    if (isQuery) {
      const fault = queryFault(value as Readonly<Record<string, unknown>>);
      if (fault !== null) return { error: new InvalidRequest([fault]) };
    }
    if (check.Check(value)) return { value };
    const findings = check.Errors(value) as unknown as Finding[];
    return { error: new InvalidRequest(problemsOf(schema, findings, isQuery)) };
  };
};

/** Query strings come as text that no JSON parser has looked at. */
function queryFault(query: Readonly<Record<string, unknown>>): ParameterProblem | null {
  for (const [parameter, value] of Object.entries(query)) {
    if (Array.isArray(value)) return { parameter, problem: 'is given more than once' };
    const fault = typeof value === 'string' ? textFault(value) : null;
    if (fault !== null) return { parameter, problem: fault };
  }
  return null;
}

function problemsOf(schema: TSchema, findings: readonly Finding[], isQuery: boolean): ParameterProblem[] {
  const problems = new Map<string, ParameterProblem>();
  for (const finding of findings) {
    for (const problem of describe(schema, finding, isQuery)) {
      // One parameter, one problem: the first is the most specific.
      if (!problems.has(problem.parameter)) problems.set(problem.parameter, problem);
      if (problems.size === MAX_PROBLEMS) return [...problems.values()];
    }
  }
  return [...problems.values()];
}

function describe(schema: TSchema, finding: Finding, isQuery: boolean): ParameterProblem[] {
  const names = finding.instancePath.split('/').slice(1).map(unescapePointer);
  const parameter = names.length === 0 ? (isQuery ? 'query' : 'body') : names.join('.');
  const member = (name: string): string => [...names, name].join('.');
  const constraint = resolve(schema, finding.schemaPath);
  const one = (problem: string): ParameterProblem[] => [{ parameter, problem }];
  switch (finding.keyword) {
    case 'required': {
      const { requiredProperties } = finding.params as { requiredProperties: string[] };
      return requiredProperties.map((name) => ({ parameter: member(name), problem: 'is required' }));
    }
    case 'additionalProperties': {
      const { additionalProperties } = finding.params as { additionalProperties: string[] };
      const isMap = 'patternProperties' in constraint;
      const problem = isQuery
        ? 'is no parameter of this operation'
        : isMap
          ? 'is no possible name'
          : 'is no known field';
      return additionalProperties.map((name) => ({ parameter: member(name), problem }));
    }
    case 'type':
      return one(typeProblem(constraint));
    case 'enum':
      return one(`must be one of ${(constraint.enum ?? []).filter((choice) => choice !== null).join(', ')}`);
    case 'minimum':
    case 'maximum':
      return one(rangeProblem(constraint));
    case 'minLength':
      return one(
        constraint.minLength === 1 ? 'must not be empty' : `must have at least ${constraint.minLength} characters`,
      );
    case 'maxLength':
      return one(`must have at most ${constraint.maxLength} characters`);
    case 'maxItems':
      return one(`must have at most ${constraint.maxItems} items`);
    case 'maxProperties':
      return one(`must have at most ${constraint.maxProperties} members`);
    case 'pattern':
      return one(patternProblem(constraint));
    case 'boolean':
      // Said by `additionalProperties`, too.
      return [];
    default:
      return one('is not as described');
  }
}

function typeProblem({ type = '' }: Constraint): string {
  const kinds = (typeof type === 'string' ? [type] : type).map((kind) => {
    if (kind === 'integer') return 'a whole number of at most 15 digits, without quotes, decimals or exponent';
    return kind === 'object' ? 'an object' : kind === 'array' ? 'an array' : kind === 'null' ? 'null' : `a ${kind}`;
  });
  return `must be ${kinds.join(' or ')}`;
}

function patternProblem({ pattern, description }: Constraint): string {
  if (pattern === ID_PATTERN) return 'is no id';
  if (pattern === CURRENCY_PATTERN) return 'is no ISO 4217 code: three capital letters';
  return description === undefined ? 'is not well-formed' : `is not well-formed; expected: ${description}`;
}

function rangeProblem({ minimum, maximum }: Constraint): string {
  return minimum !== undefined && maximum !== undefined
    ? `must be from ${minimum} to ${maximum}`
    : `must be ${minimum === undefined ? `at most ${maximum}` : `at least ${minimum}`}`;
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** The schema that a finding is about. */
function resolve(schema: TSchema, path: string): Constraint {
  let node: unknown = schema;
  for (const part of path.split('/').slice(1))
    node = (node as Record<string, unknown> | undefined)?.[unescapePointer(part)];
  return (node ?? {}) as Constraint;
}
