/** `/openapi.json`, and `/docs`: pages made from it on the server, which need no script and no network. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SERVER_ADDRESS } from './docs-examples.ts';
import { escape } from './docs-html.ts';
import type { OpenApi } from './docs-model.ts';
import { errorsPage, referencePage } from './docs-page.ts';

/** Nothing but the page's own style: and plain http stays plain http, for servers without TLS. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A name or an address, and a port: nothing that a shell or a browser could take for more. */
const HOST = /^(?:[a-z0-9][a-z0-9.-]{0,252}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** The address under which the caller reached this server, for commands to paste. */
function addressOf({ protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>): string {
  if (!HOST.test(host)) return 'http://localhost:8080';
  return `${protocol === 'https' ? 'https' : 'http'}://${host}`;
}

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
  const referenceAt = (address: string): string => reference.replaceAll(SERVER_ADDRESS, escape(address));
  app.get('/docs', { config: { operation: 'docs' } }, (request, reply) => page(reply, referenceAt(addressOf(request))));
  app.get('/docs/', { config: { operation: 'docs' } }, (request, reply) =>
    page(reply, referenceAt(addressOf(request))),
  );
  // Whoever opens the bare address in a browser wants to know what this is.
  app.get('/', { config: { operation: 'docs' } }, (_request, reply) => reply.redirect('/docs', 302));
  app.get('/docs/errors', { config: { operation: 'docs' } }, (_request, reply) => page(reply, errors));
}
