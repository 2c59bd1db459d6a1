/** The partners' protocols as people look at them: operations with examples, errors, and what each says of a payment. */
import { readFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { visiblePayment } from '../api/payments.ts';
import { NoQuery, strict } from '../api/shapes.ts';
import { ERRORS, invalidParameter, refusal, Refused } from '../core/errors.ts';
import { isJsonObject, JsonFault, parseJson } from '../core/json.ts';
import { signEnvelope } from '../dialects/bbmsl/envelope.ts';
import type { CredentialShape, Dialect } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/index.ts';
import { answerAbout } from './protocol-answers.ts';
import { type ExampleCaller, PROTOCOL_EXAMPLES } from './protocol-examples.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope, type DemoAccess } from './scope.ts';

const Sign = strict({ request: Type.String({ minLength: 2, maxLength: 4_000, description: 'The request, as JSON.' }) });

export function addProtocols(app: ConsoleScope, { refundry, demo: given }: ConsoleContext): void {
  // Secrets of the demo are nobody's secrets only where the demo runs.
  const demo = refundry.authenticator.demo ? given : null;

  app.route({
    method: 'GET',
    url: '/protocols',
    config: consoleOperation('list_protocols', 'read'),
    schema: { querystring: NoQuery },
    handler: () => DIALECTS.map((dialect) => protocolView(dialect, demo)),
  });

  app.route({
    method: 'GET',
    url: '/protocols/payment/:id',
    config: consoleOperation('read_partner_answers', 'read'),
    schema: { params: Type.Object({ id: Type.String() }), querystring: NoQuery },
    handler: async (request) => {
      const view = await visiblePayment({ refundry }, request, request.params.id);
      const { merchantId } = view.payment;
      const last = view.refunds.at(-1);
      const [merchant, credentials, lastRefund] = await Promise.all([
        refundry.accounts.merchant(merchantId),
        refundry.accounts.credentials(merchantId),
        last === undefined ? null : refundry.reader.refund(last.id, merchantId),
      ]);
      const answers = await Promise.all(
        DIALECTS.map(async (dialect) => {
          const credential = credentials.findLast(
            ({ protocol, revokedAt }) => protocol === dialect.name && revokedAt === null,
          );
          const told = { view, lastRefund, merchantName: merchant?.name ?? '', credential: credential ?? null };
          const found = await answerAbout(dialect, told, request.id, (error) =>
            request.log.error({ err: error }, 'a mistake of ours'),
          );
          return found === null
            ? []
            : [
                {
                  protocol: dialect.name,
                  title: dialect.title,
                  operation: found.operation,
                  status: found.answer.status,
                  content_type: found.answer.contentType,
                  body: found.answer.body,
                },
              ];
        }),
      );
      return answers.flat();
    },
  });

  app.route({
    method: 'POST',
    url: '/protocols/bbmsl/sign',
    config: consoleOperation('sign_demo_request', 'read'),
    schema: { querystring: NoQuery, body: Sign },
    handler: async (request, reply) => {
      if (demo === null) throw new Refused(refusal('forbidden', 'only a demo has a key to sign with'));
      const { request: text } = request.body;
      try {
        if (!isJsonObject(parseJson(text))) throw new Refused(invalidParameter('request', 'must be a JSON object'));
      } catch (error) {
        if (error instanceof JsonFault) throw new Refused(invalidParameter('request', 'is not valid JSON'));
        throw error;
      }
      reply.type('application/json');
      return signEnvelope(text, await readFile(demo.bbmslKeyFile, 'utf8'));
    },
  });
}

function protocolView(dialect: Dialect, demo: DemoAccess | null): object {
  const caller = demo?.callers[dialect.name] ?? placeholders(dialect.credential);
  return {
    name: dialect.name,
    title: dialect.title,
    operations: (PROTOCOL_EXAMPLES[dialect.name] ?? []).map((example) => {
      const { query, headers, contentType, body } = example.request(caller, null);
      return {
        name: example.operation,
        method: example.method,
        path: example.path,
        summary: example.summary,
        writes: dialect.operations.some(({ name, writes }) => name === example.operation && writes),
        // How many operations before it in this list must be sent first, with the cookies that they set.
        follows: example.follows ?? 0,
        // Such a body goes through protocols/bbmsl/sign before it is sent.
        signed: example.isSigned === true,
        example: { query, headers, content_type: contentType, body },
      };
    }),
    errors: ERRORS.map(({ code, title }) => {
      const answer = dialect.refuse(refusal(code, title));
      return { code, title, status: answer.status, content_type: answer.contentType, body: answer.body };
    }),
    namespaces: dialect.references.map(({ name, description }) => ({ name, description })),
    credential: {
      lookup: dialect.credential.lookup?.label ?? null,
      secrets: dialect.credential.secrets,
      public_key: dialect.credential.publicKey,
      settings: dialect.credential.settings,
    },
  };
}

/** What stands where the caller's own credentials belong. */
function placeholders({ lookup, secrets, settings }: CredentialShape): ExampleCaller {
  const placeholder = (name: string): string => `<${name}>`;
  return {
    lookup: lookup === null ? '' : placeholder(lookup.label),
    secrets: secrets.map(placeholder),
    settings: Object.fromEntries(
      Object.keys(settings).map((spelled): [string, string | readonly string[]] => {
        const name = spelled.replace(/\[\]$/, '');
        return [name, name === spelled ? placeholder(name) : [placeholder(name)]];
      }),
    ),
  };
}
