/** `/openapi.json`, and `/docs`: pages made from it on the server, which need no script and no network. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { OpenApi } from './docs-model.ts';
import { errorsPage, referencePage } from './docs-page.ts';

/** Nothing but the page's own style: and plain http stays plain http, for servers without TLS. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function addDocs(app: FastifyInstance): void {
  let document = '';
  let reference = '';
  let errors = '';
  app.addHook('onReady', (done) => {
    const openapi = app.swagger();
    document = JSON.stringify(openapi, null, 2);
    reference = referencePage(openapi as unknown as OpenApi);
    errors = errorsPage();
    done();
  });
  const page = (reply: FastifyReply, html: string): FastifyReply =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .send(html);

  app.get('/openapi.json', { config: { operation: 'openapi' } }, (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(document),
  );
  app.get('/docs', { config: { operation: 'docs' } }, (_request, reply) => page(reply, reference));
  app.get('/docs/', { config: { operation: 'docs' } }, (_request, reply) => page(reply, reference));
  app.get('/docs/errors', { config: { operation: 'docs' } }, (_request, reply) => page(reply, errors));
}
