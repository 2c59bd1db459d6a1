/** Many refunds from a file: look at what they would do, then do them, exactly once whatever happens meanwhile. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { actingMerchant, callerOf, merchantNotFound, resourceNotFound, visibleMerchant } from '../api/access.ts';
import { serializeExactly } from '../api/api.ts';
import { InvalidRequest } from '../api/problems.ts';
import { LIMIT_PATTERN, merchantQuery, NoBody, NoQuery, oneOf, strict } from '../api/shapes.ts';
import { maskCardNumbers } from '../core/card-number.ts';
import { Refused } from '../core/errors.ts';
import { actorOf } from '../core/user.ts';
import { BULK_OUTCOMES, type BulkRun } from '../store/bulk-rows.ts';
import { type FileLine, MAX_FILE_BYTES, readFile } from './bulk-file.ts';
import { BulkRunner } from './bulk-runner.ts';
import { lineView, RESULT_HEADER, resultCells, runView } from './bulk-views.ts';
import { asFile, csvLine } from './csv.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope } from './scope.ts';

const SHOWN_RUNS = 100;
const DEFAULT_LINES = 50;
const PAGE_LINES = 1_000;
const RUN_ID = /^[0-9a-f]{64}$/;

const Upload = strict({
  merchant_id: merchantQuery(),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'What the file is called.' })),
});
const Lines = strict({
  after: Type.Optional(Type.String({ pattern: '^[0-9]{1,6}$' })),
  outcome: Type.Optional(oneOf([...BULK_OUTCOMES, 'undecided'], 'Only these.')),
  expected: Type.Optional(oneOf(BULK_OUTCOMES, 'Only those that are not decided, of which a dry run expects this.')),
  limit: Type.Optional(Type.String({ pattern: LIMIT_PATTERN })),
});
const RunParams = Type.Object({ id: Type.String() });

export function addBulk(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const { bulk } = refundry;
  const runner = new BulkRunner(refundry, (error) => app.log.warn({ err: error }, 'a run of refunds was interrupted'));
  app.addHook('onClose', () => runner.close());
  app.addContentTypeParser('text/csv', { parseAs: 'buffer', bodyLimit: MAX_FILE_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  /** A run that the caller may see. Throws `Refused` (`resource_not_found`). */
  const find = async (request: FastifyRequest, id: string): Promise<BulkRun> => {
    const run = RUN_ID.test(id) ? await bulk.run(id, visibleMerchant(request, undefined)) : null;
    if (run === null) throw resourceNotFound('bulk run', maskCardNumbers(id).slice(0, 80));
    return run;
  };
  /** A run as it is now, its lines counted. */
  const view = async (request: FastifyRequest, id: string): Promise<object> => {
    const counts = await bulk.count(await find(request, id));
    return runView({ ...(await find(request, id)), counts });
  };

  app.route({
    method: 'POST',
    url: '/bulk',
    config: consoleOperation('create_bulk_run', 'refund'),
    bodyLimit: MAX_FILE_BYTES,
    serializerCompiler: serializeExactly,
    schema: { querystring: Upload },
    handler: async (request, reply) => {
      const { body } = request;
      if (!Buffer.isBuffer(body)) {
        throw new InvalidRequest([{ parameter: 'Content-Type', problem: 'must be text/csv' }]);
      }
      const merchantId = await actingMerchant(request, refundry, { merchant_id: request.query.merchant_id });
      if ((await refundry.accounts.merchant(merchantId)) === null) throw new Refused(merchantNotFound(merchantId));
      const lines = await readFile(body);
      const id = runIdOf(merchantId, lines);
      const name = maskCardNumbers(request.query.name ?? 'refunds.csv');
      const isNew = await bulk.create({ id, merchantId, name, createdBy: actorOf(callerOf(request)) }, lines);
      reply.code(isNew ? 201 : 200);
      return view(request, id);
    },
  });

  app.route({
    method: 'GET',
    url: '/bulk',
    config: consoleOperation('list_bulk_runs', 'read'),
    serializerCompiler: serializeExactly,
    schema: { querystring: strict({ merchant_id: merchantQuery() }) },
    handler: async (request) => {
      const runs = await bulk.runs(visibleMerchant(request, request.query.merchant_id), SHOWN_RUNS);
      return { data: runs.map(runView), has_more: false, next_cursor: null };
    },
  });

  app.route({
    method: 'GET',
    url: '/bulk/:id',
    config: consoleOperation('read_bulk_run', 'read'),
    serializerCompiler: serializeExactly,
    schema: { params: RunParams, querystring: NoQuery },
    handler: (request) => view(request, request.params.id),
  });

  app.route({
    method: 'POST',
    url: '/bulk/:id/dry-run',
    config: consoleOperation('preview_bulk_run', 'refund'),
    serializerCompiler: serializeExactly,
    schema: { params: RunParams, querystring: NoQuery, body: NoBody },
    handler: async (request) => {
      const run = await find(request, request.params.id);
      await runner.preview(run, callerOf(request), request.id);
      return view(request, run.id);
    },
  });

  app.route({
    method: 'POST',
    url: '/bulk/:id/run',
    config: consoleOperation('start_bulk_run', 'refund'),
    serializerCompiler: serializeExactly,
    schema: { params: RunParams, querystring: NoQuery, body: NoBody },
    handler: async (request, reply) => {
      const run = await find(request, request.params.id);
      await runner.start(run, callerOf(request), request.id);
      reply.code(202);
      return view(request, run.id);
    },
  });

  app.route({
    method: 'GET',
    url: '/bulk/:id/lines',
    config: consoleOperation('read_bulk_lines', 'read'),
    schema: { params: RunParams, querystring: Lines },
    handler: async (request) => {
      const { after = '0', outcome = null, expected = null, limit = String(DEFAULT_LINES) } = request.query;
      const run = await find(request, request.params.id);
      const lines = await bulk.lines(run, Number(after), outcome, Number(limit) + 1, expected);
      const shown = lines.slice(0, Number(limit));
      const last = shown.at(-1);
      const hasMore = lines.length > shown.length;
      return { data: shown.map(lineView), has_more: hasMore, next_after: hasMore && last ? last.line : null };
    },
  });

  app.route({
    method: 'GET',
    url: '/bulk/:id/result.csv',
    config: consoleOperation('export_bulk_run', 'read'),
    // Fastify would answer HEAD by running all of it and throwing the text away.
    exposeHeadRoute: false,
    schema: { params: RunParams, querystring: NoQuery },
    handler: async (request, reply) => {
      const run = await find(request, request.params.id);
      async function* text(): AsyncGenerator<string> {
        yield csvLine(RESULT_HEADER);
        for (let after: number | undefined = 0; after !== undefined;) {
          const lines = await bulk.lines(run, after, null, PAGE_LINES);
          yield lines.map((line) => csvLine(resultCells(line))).join('');
          after = lines.at(-1)?.line;
        }
      }
      asFile(reply, `refunds-${run.id.slice(0, 12)}-result.csv`);
      return reply.send(Readable.from(text(), { objectMode: false }));
    },
  });
}

/**
 * The same refunds of a merchant are the same run, however a program saved them: spreadsheets write other line ends,
 * separators and quotes, and 1.00 as 1.
 */
function runIdOf(merchantId: string, lines: readonly FileLine[]): string {
  const hash = createHash('sha256').update(merchantId);
  for (const { cells, fault } of lines) {
    const amount = cells.amount.replace(/\.0+$|(?<=\.\d*[1-9])0+$/, '');
    hash.update(`\n${JSON.stringify({ ...cells, amount, fault })}`);
  }
  return hash.digest('hex');
}
