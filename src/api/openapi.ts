/** The OpenAPI 3.1 document: made from the same schemas that requests are checked and answers written with. */
import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { ACCESS, type OperationConfig } from './access.ts';
import { ANSWER_EXAMPLES } from './answer-examples.ts';

const INTRODUCTION = `
Refund payments exactly once, and never a cent more than was captured.

**Keys.** Send yours as \`Authorization: Bearer rk_…\`. Roles: \`admin\` acts for every merchant, \`merchant\` for its own, \`read\` only reads and previews. What belongs to another merchant is as unknown to a key as what never was. People who are signed in to the console may use this API with their session’s cookie instead; what is for whom, each operation says.

**Amounts** are integers in the minor unit of an ISO 4217 currency: 10000 is 100.00 USD, 10000 JPY and 10.000 KWD. Times are ISO 8601, UTC.

**Idempotency.** Send an \`Idempotency-Key\` with everything that moves money. The same request with the same key is answered as the first time, marked \`Idempotent-Replayed: true\`, and nothing happens twice: after a lost answer, just send it again. The same key with another request is refused. Keys are kept as long as the books.

**Errors** are problem details (RFC 9457, \`application/problem+json\`): \`code\` for programs, \`detail\` for people, and the numbers behind it in fields. [All codes](/docs/errors), in order of precedence.

**Lists** come in pages: send \`next_cursor\` as \`cursor\` for the next one. A page looks at a bounded number of rows, so with a filter it may be short, or even empty, and still have a \`next_cursor\`; only a page without one is the last.

**Bodies** are JSON. Unknown and repeated fields are refused, and nothing is converted: \`"100"\`, \`100.0\` and \`1e2\` are not the integer 100.
`.trim();

const TAGS = [
  { name: 'Payments', description: 'Original payments: what was captured, and what of it may still be refunded.' },
  { name: 'Refunds', description: 'Ask for a refund, approve it, take it back.' },
  { name: 'Merchants', description: 'Whose payments these are, and what they allow.' },
  { name: 'Credentials', description: 'Keys for this API and for every partner’s protocol.' },
  { name: 'Settlements and balances', description: 'What a merchant holds, and paying it out.' },
  { name: 'Journal', description: 'All that ever happened: to look at, and to follow.' },
  { name: 'Entitlements', description: 'Enrolments and coupons that payments carry.' },
];

export const { version } = JSON.parse(readFileSync(findPackage(), 'utf8')) as { version: string };

/** From the sources, or from the compiled files one folder deeper. */
function findPackage(): URL {
  const isCompiled = import.meta.url.endsWith('.js');
  return new URL(isCompiled ? '../../../package.json' : '../../package.json', import.meta.url);
}

/** Collects the routes that are added to the scope from now on. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Refundry API', version, description: INTRODUCTION },
      servers: [{ url: '/', description: 'This server.' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'A credential of protocol `native`.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'refundry_session',
            description:
              'A user of the console (over TLS the name begins with `__Host-`). Whatever is not GET must send `X-Refundry-Console: 1`.',
          },
        },
      },
      security: [{ key: [] }, { session: [] }],
    },
    refResolver: { buildLocalReference: (json) => (json as { $id: string }).$id },
    transform: ({ schema, url, route }) => {
      const { access } = (route.config ?? {}) as Partial<OperationConfig>;
      if (access === undefined || access === 'anyone') return { schema: { ...schema, hide: true }, url };
      const described = [schema.description, `**Who may:** ${ACCESS[access].inWords}.`].filter(
        (part) => part !== undefined,
      );
      return { schema: { ...schema, description: described.join('\n\n'), 'x-access': access } as typeof schema, url };
    },
    transformObject: (documented) => {
      if (!('openapiObject' in documented)) throw new Error('the document is OpenAPI 3');
      for (const path of Object.values(documented.openapiObject.paths ?? {})) {
        for (const method of METHODS) {
          const operation = path?.[method] as OperationObject | undefined;
          if (operation !== undefined) complete(operation);
        }
      }
      return documented.openapiObject;
    },
  });
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;

interface HeaderObject {
  readonly description: string;
  readonly schema: { readonly type: string };
}

interface ResponseObject {
  description: string;
  headers?: Record<string, HeaderObject>;
  content?: Record<string, { example?: unknown }>;
}

interface OperationObject {
  operationId: string;
  requestBody?: { required?: boolean; content: Record<string, { schema: Record<string, unknown> }> };
  parameters?: { name: string }[];
  responses: Record<string, ResponseObject>;
}

const REPLAYED: HeaderObject = {
  description: '`true`: this is an earlier answer, given again for its Idempotency-Key.',
  schema: { type: 'string' },
};
const RETRY_AFTER: HeaderObject = { description: 'Seconds to wait.', schema: { type: 'integer' } };

/** What a route's schemas cannot say: bodies that may be left out, answers' headers and examples, refusals of bodies. */
function complete(operation: OperationObject): void {
  const { requestBody, responses } = operation;
  const schema = requestBody?.content['application/json']?.schema;
  if (requestBody !== undefined && schema !== undefined) {
    const isOptional = schema['x-optional'] === true;
    delete schema['x-optional'];
    if (isOptional && Object.keys(schema['properties'] ?? {}).length === 0) delete operation.requestBody;
    else requestBody.required = !isOptional;
  }
  const invalid = responses['400'];
  if (operation.requestBody !== undefined && invalid !== undefined) {
    responses['413'] = { ...invalid, description: '`invalid_request`: The body is larger than 64 KiB.' };
    responses['415'] = { ...invalid, description: '`invalid_request`: The body is not JSON by its Content-Type.' };
  }
  const hasKey = operation.parameters?.some(({ name }) => name === 'Idempotency-Key') === true;
  const example = ANSWER_EXAMPLES[operation.operationId];
  for (const [status, response] of Object.entries(responses)) {
    const accepted = status.startsWith('2') ? response.content?.['application/json'] : undefined;
    if (accepted !== undefined && example !== undefined) accepted.example = example;
    if (hasKey && (status.startsWith('2') || status === '409')) response.headers = { 'Idempotent-Replayed': REPLAYED };
    if (status === '429' || status === '503') response.headers = { 'Retry-After': RETRY_AFTER };
  }
}
