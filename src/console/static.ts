/** The console's pages: built files, sent compressed, and `index.html` wherever the pages themselves know the way. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Scripts of this server only; styles may be attributes, which Mantine's components have. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** Files whose names carry a hash of what is in them never change. */
const HASHED = /^assets\/.*-[\w-]{8,}\.\w+$/;
/** A plain path below the folder: no dots that lead up, no hidden files. */
const PLAIN_PATH = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*\.\w+$/;

/** Where `scripts/console.mjs` puts them; one folder up more from compiled files. */
export function builtPages(): string {
  const root = new URL(import.meta.url.endsWith('.js') ? '../../../' : '../../', import.meta.url);
  return fileURLToPath(new URL('console/dist', root));
}

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Refundry console</title>
<body style="font-family: system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; line-height: 1.5">
<h1>The console is not built yet</h1>
<p>Its pages are made by <code>node scripts/console.mjs</code>, which <code>npm start</code> calls by itself. Run it in
Refundry's folder, then load this page again. The server need not be restarted.</p>
<p>Everything else works meanwhile: the <a href="/docs">API</a>, the partners' protocols and the command line.</p>
</body></html>
`;

export async function servePages(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, { root: folder, serve: false, preCompressed: true, suppressWarning: true });

  const notFound = (reply: FastifyReply): FastifyReply => {
    reply.callNotFound();
    return reply;
  };
  const page = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { '*': path = '' } = request.params as { '*'?: string };
    if (path === 'api' || path.startsWith('api/')) return notFound(reply);
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    if (!existsSync(join(folder, 'index.html'))) {
      return reply.code(503).header('retry-after', 30).type('text/html; charset=utf-8').send(NOT_BUILT);
    }
    const isFile = PLAIN_PATH.test(path) && existsSync(join(folder, path));
    // A file of an older build is gone: the page in its place would be taken for a script.
    if (!isFile && path.startsWith('assets/')) return notFound(reply);
    const isHashed = isFile && HASHED.test(path);
    const file = isFile ? path : 'index.html';
    if (isHashed) return reply.sendFile(file, { maxAge: '1y', immutable: true });
    // A page must be asked for again each time, or a new build would not be seen.
    return reply.header('cache-control', 'no-cache').sendFile(file, { cacheControl: false });
  };
  for (const url of ['/console', '/console/*']) {
    app.get(url, { config: { protocol: 'console', operation: 'page' } }, (request, reply) => page(request, reply));
  }
}
