/**
 * The books, proven: every journal entry's hash recomputed, and every row of every other table held against the entries
 * that made it and last changed it, in both directions. A row changed, deleted, inserted or swapped by hand is named.
 *
 * It runs while servers write. Nothing is locked and no snapshot outlives a page: entries are walked up to where the
 * books ended when the walk began, then the rows, each page with the entries that its rows name; at the end the walk
 * catches up with what was written meanwhile.
 */
import type pg from 'pg';
import { estimateRows, type Reader, readInstallationRow } from '../store/audit.ts';
import { verifyCredentials, verifyMerchants, verifySettlements } from './verify/accounts.ts';
import { Balances } from './verify/balances.ts';
import { Chains, type Head } from './verify/chain.ts';
import { assertNothing, Doubt } from './verify/doubt.ts';
import { verifyCoupons, verifyEntitlements } from './verify/entitlements.ts';
import { type Finding, Findings } from './verify/findings.ts';
import { verifyPayments } from './verify/payments.ts';
import { prove } from './verify/proof.ts';
import { Counters, verifyReferences } from './verify/references.ts';
import { verifyRefunds } from './verify/refunds.ts';

export type { Finding, Head };

export interface VerifyReport {
  /** The database's id: heads belong to it and no other. */
  readonly installation: string;
  /** How many of each were looked at. */
  readonly entries: bigint;
  readonly payments: bigint;
  readonly refunds: bigint;
  readonly balances: bigint;
  /** Where each book ended: print them and keep them elsewhere, for `against` of a later run. */
  readonly heads: readonly Head[];
  /** The first 1000. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  /** Why every row was looked at by itself; `null` where the quick proof did. */
  readonly doubt: string | null;
}

export interface VerifyOptions {
  /** Heads printed by an earlier run: they must still be in the chains. */
  readonly against?: readonly Head[];
  /** The database whose heads they are. */
  readonly installation?: string;
  /** Rows looked at, and about how many there are; at the end both are the same. */
  readonly onProgress?: (done: bigint, total: bigint) => void;
  readonly signal?: AbortSignal;
  /** Rows read by one statement; the default suits every database. */
  readonly pageRows?: number;
  /** Whether this process serves others meanwhile: half of the time then belongs to them. */
  readonly isGentle?: boolean;
}

/** Rows of a page, of the walk that names and of the proof, whose rows cost a fifth: some ten milliseconds of PostgreSQL's. */
const PAGE_ROWS = { named: 2_000, proven: 10_000 } as const;
/** Where others wait for this process meanwhile: to look at a page takes it a few milliseconds, with turns in between. */
const GENTLE_PAGE_ROWS = { named: 250, proven: 1_000 } as const;

/**
 * Returns what is wrong with the books, which is nothing in books that only Refundry wrote. Throws the signal's reason
 * when it is aborted, and the database's error when it cannot be read.
 */
export async function verifyBooks(pool: pg.Pool, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { pageRows, isGentle = false } = options;
  const { named: namedRows } = isGentle ? GENTLE_PAGE_ROWS : PAGE_ROWS;
  const explain = (): Promise<VerifyReport> =>
    look(pool, options, pageRows ?? namedRows, async ({ reader, findings, chains, counters, onRows }) => {
      const rowFindings = new Findings();
      const walkRows = async (): Promise<{ payments: bigint; refunds: bigint }> => {
        const payments = await verifyPayments(reader, rowFindings, onRows);
        const refunds = await verifyRefunds(reader, rowFindings, onRows);
        await verifyMerchants(reader, rowFindings, counters);
        await verifyReferences(reader, rowFindings, counters, onRows);
        return { payments, refunds };
      };
      // Side by side: while the database reads for one walk, this process looks at what it has read for the other.
      const [counts] = await Promise.all([walkRows(), chains.walk(onRows)]);
      findings.append(rowFindings);
      return counts;
    });
  const first = await proveBooks(pool, options);
  if (!(first instanceof Doubt) && first.findingCount === 0) return first;
  const doubt = first instanceof Doubt ? first.message : (first.findings[0]?.problem ?? '');
  const named = { ...(await explain()), doubt };
  if (named.findingCount > 0 || (first instanceof Doubt && first.isOfSize)) return named;
  // What was doubted is not there any more, or the two ways of looking disagree, which nobody must be spared.
  const second = await proveBooks(pool, options);
  if (!(second instanceof Doubt)) return second;
  const finding = { table: 'journal', row: 'all', problem: `nothing is named, and yet: ${second.message}`, bucket: 0 };
  return { ...named, findings: [finding], findingCount: 1 };
}

/**
 * The quick proof alone: returns its report, or why it doubts the books; findings of the report are doubts, too. What is
 * wrong with them, and whether anything is, `verifyBooks` says.
 */
export async function proveBooks(pool: pg.Pool, options: VerifyOptions = {}): Promise<VerifyReport | Doubt> {
  const { pageRows, isGentle = false } = options;
  const { proven } = isGentle ? GENTLE_PAGE_ROWS : PAGE_ROWS;
  try {
    return await look(pool, options, pageRows ?? proven, (walk) => {
      assertNothing(walk.findings);
      const readMerchants = (): Promise<void> => verifyMerchants(walk.reader, walk.findings, walk.counters);
      return prove({ ...walk, isGentle, readMerchants });
    });
  } catch (error) {
    if (error instanceof Doubt) return error;
    throw error;
  }
}

/** One look through the books. */
interface Walk {
  readonly reader: Reader;
  readonly findings: Findings;
  readonly balances: Balances;
  readonly chains: Chains;
  readonly counters: Counters;
  readonly onRows: (rows: number) => void;
}

async function look(
  pool: pg.Pool,
  options: VerifyOptions,
  pageRows: number,
  walk: (walk: Walk) => Promise<{ payments: bigint; refunds: bigint }>,
): Promise<VerifyReport> {
  const { against = [], onProgress, signal } = options;
  const reader: Reader = { pool, pageRows };
  const findings = new Findings();
  const installation = await readInstallationRow(reader);
  const balances = new Balances(findings);
  const chains = await Chains.open(reader, findings, balances, installation?.buckets ?? 0, against);
  checkInstallation(findings, installation, options.installation, chains);

  let done = 0n;
  let total = chains.expected + (await estimateRows(reader));
  const onRows = (rows: number): void => {
    signal?.throwIfAborted();
    done += BigInt(rows);
    if (total < done) total = done;
    onProgress?.(done, total);
  };
  onRows(0);

  const counters = new Counters();
  const { payments, refunds } = await walk({ reader, findings, balances, chains, counters, onRows });
  await counters.finish(reader, findings, chains.numbered);
  await verifyEntitlements(reader, findings);
  await verifyCoupons(reader, findings);
  await verifySettlements(reader, findings);
  await verifyCredentials(reader, findings);
  await balances.readRows(reader, onRows);
  const heads = await chains.finish(onRows);
  balances.finish();
  onProgress?.(done, done);
  return {
    installation: installation?.id ?? '',
    entries: chains.entries,
    payments,
    refunds,
    balances: balances.rows,
    heads: heads.map(({ bucket, seq, hash }) => ({ bucket, seq, hash })),
    findings: findings.kept,
    findingCount: findings.count,
    doubt: null,
  };
}

/** The division into buckets is fixed for good: as many heads as the installation says, numbered from 0. */
function checkInstallation(
  findings: Findings,
  installation: { readonly id: string; readonly buckets: number } | null,
  printed: string | undefined,
  chains: Chains,
): void {
  if (installation === null) {
    findings.about('installation', 'the only row', 0).wrong('the row is missing');
    return;
  }
  const { id, buckets } = installation;
  const about = findings.about('installation', id, 0);
  if (printed !== undefined) about.equal('id', id, printed, null);
  if (chains.heads.length !== buckets) about.wrong(`buckets is ${buckets}, and there are ${chains.heads.length} heads`);
  const heads = new Set(chains.heads);
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    if (!heads.has(bucket)) findings.about('bucket', String(bucket), bucket).wrong('the row is missing');
  }
  for (const bucket of heads) {
    if (bucket < 0 || bucket >= buckets) {
      findings.about('bucket', String(bucket), bucket).wrong(`there are ${buckets} buckets, numbered from 0`);
    }
  }
}
