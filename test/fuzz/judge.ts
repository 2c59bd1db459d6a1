/** What every answer must be, whatever was asked. */
import { parse as parseCsv } from 'csv-parse/sync';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ERRORS } from '../../src/core/errors.ts';
import { assertMembers, type Speaker } from '../contract/speaker.ts';
import { speakerOf } from '../contract/speakers.ts';
import { type Answer, headerOf } from './answers.ts';
import type { Owner } from './draft.ts';
import { inlined, operationsIn } from './documented.ts';

/** What an answer was. */
export interface Verdict {
  readonly isAccepted: boolean;
  /** What is wrong with it; `null` if nothing is. */
  readonly fault: string | null;
}

export interface Asked {
  readonly method: string;
  readonly owner: Owner;
  readonly echo: string | null;
}

/** Names of headers that the server has a reason to send: any other came from a request. */
const HEADERS = new Set([
  'accept-ranges',
  'allow',
  'cache-control',
  'connection',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-range',
  'content-security-policy',
  'content-type',
  'date',
  'etag',
  'idempotent-replayed',
  'keep-alive',
  'last-modified',
  'location',
  'retry-after',
  'set-cookie',
  'strict-transport-security',
  'transfer-encoding',
  'vary',
  'www-authenticate',
  'x-accel-buffering',
  'x-content-type-options',
  'x-frame-options',
  'x-request-id',
]);

/** Stack traces, places of files, statements, and the names and words of libraries: nothing that any request here says. */
const LEAK =
  /\n\s+at |node_modules|\.[mc]?[jt]s:\d+|file:\/\/|\/(?:home|root|tmp|work|usr|dev\/shm)\/\w|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) [\w"]+ |\bviolates |syntax error at|SQLSTATE|ECONN(?:ABORTED|REFUSED|RESET)|EPIPE|ENOENT|ERR_[A-Z]+_|FST_[A-Z]+|HPE_[A-Z]|\b(?:Type|Range|Syntax|Reference|Assertion|URI)Error\b|\bpg_|fastify|typebox|csv-parse|is not a function|Cannot read prop|Unexpected token|\[object |\bundefined\b|outside of the pages/i;

const DEFINITIONS = new Map(ERRORS.map((definition) => [definition.code as string, definition]));
/** What HTTP itself has a status for; in the registry they are requests that cannot be read. */
const UNREADABLE = new Set([400, 408, 413, 415, 431]);
/** What is said of requests that Node's parser turned down: whoever they were for. */
const UNREAD = /is not valid HTTP\/1\.1|did not arrive within|headers are larger|extensions of a chunk/;
const MEDIA_OF_PAGES = /^(?:text\/(?:html|javascript)|application\/javascript); charset=utf-8$/i;

export class Judge {
  readonly #answers = new Map<
    string,
    ReadonlyMap<number, { Check(value: unknown): boolean; Errors(value: unknown): unknown }>
  >();
  readonly #speakers: ReadonlyMap<string, Speaker>;

  constructor(document: any, partners: readonly string[]) {
    for (const { id, responses } of operationsIn(document)) {
      const schemas = Object.entries<any>(responses).flatMap(([status, { content }]): [number, any][] => {
        const schema = content?.['application/json']?.schema as unknown;
        return schema === undefined ? [] : [[Number(status), Compile(inlined(document, schema) as TSchema)]];
      });
      this.#answers.set(id, new Map(schemas));
    }
    this.#speakers = new Map(partners.map((name) => [name, speakerOf(name)]));
  }

  judge(answer: Answer, asked: Asked): Verdict {
    try {
      return { isAccepted: this.#accepted(answer, asked), fault: null };
    } catch (error) {
      return { isAccepted: answer.status < 400, fault: error instanceof Error ? error.message : String(error) };
    }
  }

  #accepted(answer: Answer, { method, owner, echo }: Asked): boolean {
    const { status, headers, body } = answer;
    for (const [name] of headers) if (!HEADERS.has(name)) throw new Error(`a header of nobody's: ${name}`);
    if (headerOf(answer, 'x-request-id') === null) throw new Error('no x-request-id');
    if (headerOf(answer, 'x-content-type-options') !== 'nosniff') throw new Error('no x-content-type-options');
    if (status > 500 ? status !== 503 : status === 500) throw new Error(`status ${status}`);
    if ((status === 503 || status === 429) && !/^\d+$/.test(headerOf(answer, 'retry-after') ?? ''))
      throw new Error(`${status} without Retry-After`);
    if (owner.kind !== 'page') {
      const leak = LEAK.exec(body)?.[0];
      if (leak !== undefined) throw new Error(`tells ${JSON.stringify(leak)}`);
    }
    if (method === 'HEAD') return status < 400;
    // Whose it was may not have been read.
    if (answer.isLast && UNREAD.test(body)) return this.#anybody(answer);
    switch (owner.kind) {
      case 'native':
        return this.#native(answer, owner.operation);
      case 'console':
        return this.#console(answer);
      case 'partner':
        return this.#partner(answer, owner.name, owner.operation, echo);
      case 'page':
        return page(answer);
      case 'anybody':
        return this.#anybody(answer);
    }
  }

  #native(answer: Answer, operation: string): boolean {
    if (answer.status >= 300) return problem(answer);
    const schema = this.#answers.get(operation)?.get(answer.status);
    if (schema === undefined) throw new Error(`${operation} does not document status ${answer.status}`);
    if (!/^application\/json/.test(typeOf(answer))) throw new Error(`content-type ${typeOf(answer)}`);
    const body: unknown = JSON.parse(answer.body);
    if (!schema.Check(body)) throw new Error(`not as documented: ${JSON.stringify(schema.Errors(body)).slice(0, 600)}`);
    return true;
  }

  #console(answer: Answer): boolean {
    if (answer.status >= 400) return problem(answer);
    const type = typeOf(answer);
    if (type.startsWith('text/csv')) assertHarmless(answer.body);
    else if (/^application\/json/.test(type)) JSON.parse(answer.body);
    else if (answer.status !== 204 && !type.startsWith('text/event-stream') && !MEDIA_OF_PAGES.test(type))
      throw new Error(`content-type ${type}`);
    return true;
  }

  #partner(answer: Answer, name: string, operation: string, echo: string | null): boolean {
    const speaker = this.#speakers.get(name);
    if (speaker === undefined) throw new Error(`nobody speaks ${name}`);
    if (name === 'edubrite') return xml(answer, operation, echo);
    if (name === 'boost-aoc' && operation === 'chargeStatus') return charge(answer);
    if (name === 'bbmsl' && (operation === 'query' || operation === 'void')) return order(answer);
    const heard = speaker.hear({
      ...answer,
      headers: new Headers(answer.headers.map(([a, b]): [string, string] => [a, b])),
    });
    if (heard.outcome === 'refused' && answer.status === 503 && heard.sign !== speaker.signs.overloaded)
      throw new Error(`${heard.sign} is not overloaded`);
    return heard.outcome !== 'refused';
  }

  /** An answer to what may have been meant for anybody: it has one of all shapes. */
  #anybody(answer: Answer): boolean {
    const type = typeOf(answer);
    if (type.startsWith('application/problem+json')) return problem(answer);
    if (type === '' && answer.body === '') return answer.status < 400;
    if (MEDIA_OF_PAGES.test(type) || type.startsWith('text/plain')) return page(answer);
    if (type.startsWith('text/xml')) return xml(answer, 'refund', null);
    if (type.startsWith('text/csv') || type.startsWith('text/event-stream') || answer.status === 204)
      return this.#console(answer);
    const isOf = (name: string, operation: string): boolean => {
      try {
        this.#partner(answer, name, operation, null);
        return true;
      } catch {
        return false;
      }
    };
    if ([...this.#speakers.keys()].some((name) => isOf(name, 'refund'))) return answer.status < 400;
    if (isOf('boost-aoc', 'chargeStatus') || isOf('bbmsl', 'query')) return answer.status < 400;
    if (answer.status >= 400) throw new Error('an error of nobody’s shape');
    JSON.parse(answer.body);
    return true;
  }
}

const typeOf = (answer: Answer): string => headerOf(answer, 'content-type') ?? '';

/** Problem details with a code of the registry and its status. */
function problem(answer: Answer): boolean {
  const type = typeOf(answer);
  if (!/^application\/problem\+json(?:; charset=utf-8)?$/.test(type)) throw new Error(`content-type ${type}`);
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  const { code, status, title, detail, request_id: requestId } = body;
  const definition = typeof code === 'string' ? DEFINITIONS.get(code) : undefined;
  if (definition === undefined) throw new Error(`the code ${String(code)} is not in the registry`);
  if (status !== answer.status) throw new Error(`status ${answer.status} and ${String(status)}`);
  if (status !== definition.status && !(code === 'invalid_request' && UNREADABLE.has(answer.status)))
    throw new Error(`${String(code)} with status ${answer.status}`);
  if (answer.status === 503 && code !== 'overloaded') throw new Error(`503 ${String(code)}`);
  if (title !== definition.title || body['type'] !== `/docs/errors#${String(code)}`)
    throw new Error('another title or type');
  if (typeof detail !== 'string' || detail === '') throw new Error('no detail');
  if (headerOf(answer, 'idempotent-replayed') === null && requestId !== headerOf(answer, 'x-request-id'))
    throw new Error('another request_id');
  return false;
}

function charge(answer: Answer): boolean {
  if (typeOf(answer) !== 'application/json') throw new Error(`content-type ${typeOf(answer)}`);
  const body = JSON.parse(answer.body) as { data: Record<string, string> };
  assertMembers(body, ['data'], 'the answer');
  const members = [
    'transactionOperationStatus',
    'totalAmountCharged',
    'msisdn',
    'clientCorrelator',
    'errorCode',
    'errorMessage',
  ];
  // What could not be read at all is answered as a refund is.
  assertMembers(body.data, answer.status === 200 && 'msisdn' in body.data ? members : Object.keys(body.data), 'data');
  if (!/^(?:00|AOC\d{4})$/.test(body.data['errorCode'] ?? '')) throw new Error('no errorCode');
  return body.data['errorCode'] === '00';
}

function order(answer: Answer): boolean {
  if (typeOf(answer) !== 'application/json') throw new Error(`content-type ${typeOf(answer)}`);
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  if (!/^\d{4}$/.test(String(body['responseCode'])) || typeof body['message'] !== 'string')
    throw new Error('no code or message');
  const isDone = body['responseCode'] === '0000';
  assertMembers(
    body,
    isDone ? ['responseCode', 'message', 'order', 'transaction?', 'transactions?'] : ['responseCode', 'message'],
    'the answer',
  );
  return isDone;
}

const CDATA = /<!\[CDATA\[([\s\S]*?)\]\]>/g;
const SKELETON = /^<response code="(0|-1)"><msgs><msg><code>(\d+)<\/code><value><\/value><\/msg><\/msgs><\/response>$/;
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, trimValues: false });

/** One message, and nothing but text where its text stands. */
function xml(answer: Answer, operation: string, echo: string | null): boolean {
  if (typeOf(answer) !== 'text/xml; charset=UTF-8') throw new Error(`content-type ${typeOf(answer)}`);
  const { body } = answer;
  if (NOT_XML.test(body)) throw new Error('a character that XML cannot carry');
  if (XMLValidator.validate(body) !== true) throw new Error('no XML');
  const [, root, code] = SKELETON.exec(body.replace(CDATA, '')) ?? [];
  if (root === undefined) throw new Error('XML of another shape');
  const value = [...body.matchAll(CDATA)].map(([, text]) => text).join('');
  const read = parser.parse(body).response.msgs.msg.value as unknown;
  // Readers take every end of a line for \n (XML 1.0, 2.11).
  if (read !== value.replace(/\r\n?/g, '\n')) throw new Error('text that another reader takes for more');
  if (operation === 'refund' && code === '0004' && echo !== null) {
    const said = `Unable to find Invoice with matching Id ${echo}.`;
    if (value !== said.replace(new RegExp(NOT_XML, 'gu'), '\u{FFFD}')) throw new Error(`says ${JSON.stringify(value)}`);
  }
  return root === '0';
}

function page(answer: Answer): boolean {
  const { status, body } = answer;
  if (status >= 400 && status !== 416) return problem(answer);
  if (/<script>alert|x-injected|outside of the pages|\n\s+at /.test(body))
    throw new Error('a page repeats the request, or what is none of its');
  return true;
}

/** Cells that no spreadsheet takes for a formula. */
function assertHarmless(text: string): void {
  const records: string[][] = parseCsv(text);
  for (const record of records) {
    for (const cell of record) {
      if (/^[=+@\t\r]|^-(?!\d)/.test(cell)) throw new Error(`a formula: ${JSON.stringify(cell)}`);
    }
  }
}
