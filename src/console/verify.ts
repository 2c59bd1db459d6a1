/** `verify` from the console: the same proof as the command's, while this server works, for administrators. */
import { serializeExactly } from '../api/api.ts';
import { exact, timeOrNull, timeView } from '../api/exact-json.ts';
import { version } from '../api/openapi.ts';
import { NoBody, NoQuery } from '../api/shapes.ts';
import { refusal, Refused } from '../core/errors.ts';
import { type Finding, verifyBooks, type VerifyReport } from '../engine/verify.ts';
import { asFile } from './csv.ts';
import { type ConsoleContext, consoleOperation, type ConsoleScope } from './scope.ts';

/** The last run of this server. */
interface Run {
  status: 'idle' | 'running' | 'done' | 'failed';
  startedAt: number | null;
  finishedAt: number | null;
  /** Rows looked at, and about how many there are. */
  done: bigint;
  total: bigint;
  report: VerifyReport | null;
}

export function addVerify(app: ConsoleScope, { refundry }: ConsoleContext): void {
  const run: Run = { status: 'idle', startedAt: null, finishedAt: null, done: 0n, total: 0n, report: null };
  const life = new AbortController();
  let running: Promise<void> | null = null;

  app.addHook('onClose', async () => {
    life.abort();
    await running;
  });

  const verify = async (): Promise<void> => {
    try {
      run.report = await verifyBooks(refundry.readers, {
        isGentle: true,
        signal: life.signal,
        onProgress: (done, total) => Object.assign(run, { done, total }),
      });
      run.status = 'done';
    } catch (error) {
      if (!life.signal.aborted) app.log.error({ err: error }, 'the books could not be verified');
      run.status = 'failed';
    }
    run.finishedAt = Date.now();
    running = null;
  };

  const view = (): object => ({
    status: run.status,
    started_at: timeOrNull(run.startedAt),
    finished_at: timeOrNull(run.finishedAt),
    entries: exact(run.done),
    total: exact(run.total),
    ...(run.report === null ? { problem_count: 0, problems: [], heads: [] } : reportView(run.report)),
    version,
  });

  app.route({
    method: 'POST',
    url: '/verify',
    config: consoleOperation('start_verify', 'admin'),
    serializerCompiler: serializeExactly,
    schema: { querystring: NoQuery, body: NoBody },
    handler: (_request, reply) => {
      if (running === null) {
        const started = {
          status: 'running',
          startedAt: Date.now(),
          finishedAt: null,
          done: 0n,
          total: 0n,
          report: null,
        };
        Object.assign(run, started);
        running = verify();
      }
      reply.code(202);
      return view();
    },
  });

  app.route({
    method: 'GET',
    url: '/verify',
    config: consoleOperation('read_verify', 'admin'),
    serializerCompiler: serializeExactly,
    schema: { querystring: NoQuery },
    handler: view,
  });

  app.route({
    method: 'GET',
    url: '/verify/result.json',
    config: consoleOperation('export_verify', 'admin'),
    serializerCompiler: serializeExactly,
    schema: { querystring: NoQuery },
    handler: (_request, reply) => {
      const { report, finishedAt } = run;
      if (report === null || finishedAt === null) {
        throw new Refused(refusal('resource_not_found', 'no verification has ended yet', { resource: 'result' }));
      }
      const at = timeView(finishedAt);
      asFile(reply, `refundry-heads-${at.slice(0, 10)}.json`, 'application/json');
      return resultView(report, at);
    },
  });
}

function reportView({ findings, findingCount, heads, installation }: VerifyReport): object {
  return {
    problem_count: findingCount,
    problems: findings.map(findingView),
    heads: headsView(heads),
    installation,
  };
}

/** What `refundry verify --json` prints, and `refundry verify --against` takes. */
function resultView(report: VerifyReport, at: string): object {
  return {
    installation: report.installation,
    at,
    heads: headsView(report.heads),
    entries: exact(report.entries),
    payments: exact(report.payments),
    refunds: exact(report.refunds),
    balances: exact(report.balances),
    finding_count: report.findingCount,
    findings: report.findings.map(findingView),
  };
}

const headsView = (heads: VerifyReport['heads']): object[] =>
  heads.map(({ bucket, seq, hash }) => ({ bucket, seq: exact(seq), hash }));

const findingView = ({ table, row, problem, bucket, seq }: Finding): object => ({
  table,
  row,
  problem,
  bucket,
  seq: seq === undefined ? null : exact(seq),
});
