/** Schemas compiled to checks that change nothing, and their findings in sentences that name the parameter. */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { textFault } from '../core/json.ts';
import { InvalidRequest, type ParameterProblem } from './problems.ts';
import { PATTERN_PROBLEMS } from './shapes.ts';

/** More would help nobody, and a hostile body could name thousands. */
const MAX_PROBLEMS = 20;
/** Unknown names are repeated to the caller, but not whatever is sent as one. */
const MAX_NAME_LENGTH = 120;
// An unknown field is found twice.
Settings.Set({ maxErrors: 2 * MAX_PROBLEMS });

interface Finding {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
}

interface Constraint extends TSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
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
  if (problems.size === 0) throw new Error('a check failed without a finding');
  return [...problems.values()];
}

function describe(schema: TSchema, finding: Finding, isQuery: boolean): ParameterProblem[] {
  const names = finding.instancePath.split('/').slice(1).map(unescapePointer);
  const parameter = names.length === 0 ? (isQuery ? 'query' : 'body') : names.join('.').slice(0, MAX_NAME_LENGTH);
  const member = (name: string): string => [...names, name].join('.');
  const constraint = resolve(schema, finding.schemaPath);
  const one = (problem: string): ParameterProblem[] => [{ parameter, problem }];
  switch (finding.keyword) {
    case 'required': {
      const { requiredProperties } = finding.params as { requiredProperties: string[] };
      return requiredProperties.map((name) => ({ parameter: member(name), problem: 'is required' }));
    }
    case 'boolean':
      // A member of what takes no others: said for each, before `additionalProperties` says it of all.
      return one(unknownProblem(schema, finding, isQuery));
    case 'additionalProperties':
      return [];
    case 'type':
      return one(typeProblem(constraint));
    case 'enum':
      return one(`must be one of ${(constraint.enum ?? []).filter((choice) => typeof choice === 'string').join(', ')}`);
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
      return one(PATTERN_PROBLEMS[constraint.pattern ?? ''] ?? 'is not well-formed');
    default:
      return one('is not as described');
  }
}

function unknownProblem(schema: TSchema, { schemaPath }: Finding, isQuery: boolean): string {
  if (isQuery) return 'is no parameter of this operation';
  const parent = resolve(schema, schemaPath.slice(0, schemaPath.lastIndexOf('/')));
  return 'patternProperties' in parent ? 'is no possible name here' : 'is no known field';
}

function typeProblem({ type = '' }: Constraint): string {
  const kinds = (typeof type === 'string' ? [type] : type).map((kind) => {
    if (kind === 'integer') return 'a whole number of at most 15 digits, without quotes, decimals or exponent';
    return kind === 'object' ? 'an object' : kind === 'array' ? 'an array' : kind === 'null' ? 'null' : `a ${kind}`;
  });
  return `must be ${kinds.join(' or ')}`;
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
  return node ?? {};
}
