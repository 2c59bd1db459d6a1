/** Many refunds from a file: where one is uploaded, and all that were. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { read } from '../../api/queries.ts';
import type { Page } from '../../api/types.ts';
import { useMay, useSession } from '../../app/session.tsx';
import { actorWords } from '../../journal/words.ts';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { MerchantName } from '../../parts/merchant-name.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './bulk.module.css';
import { Format } from './format.tsx';
import { type BulkRun, RUN_WORDS, sumsOf } from './run-view.ts';
import { Sums } from './sums.tsx';
import { Upload } from './upload.tsx';

/** While one of them runs. */
const LOOK_AGAIN_MS = 2_000;

export default function BulkPage() {
  const mayRefund = useMay('refund');
  return (
    <>
      <PageTitle title="Bulk refunds" lead="Many refunds from one file: looked at first, then made once per line." />
      {mayRefund && (
        <div className={classes.halves}>
          <Upload />
          <Format />
        </div>
      )}
      <Runs />
    </>
  );
}

const rowId = ({ id }: BulkRun): string => id;
const rowLink = ({ id }: BulkRun): string => `/bulk/${id}`;

function Runs() {
  const seesAll = useSession().user.merchant_id === null;
  const { data, error, refetch } = useQuery({
    ...read<Page<BulkRun>>('/console/api/bulk'),
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ status }) => status === 'running') === true ? LOOK_AGAIN_MS : false,
  });
  const columns = useMemo(() => runColumns(seesAll), [seesAll]);
  return (
    <Panel title="Files" flush>
      {data !== undefined && data.data.length > 0 ? (
        <DataTable label="Files" columns={columns} rows={data.data} rowId={rowId} rowLink={rowLink} />
      ) : error !== null ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="files" />
      ) : (
        <EmptyState title="No file was uploaded yet" />
      )}
    </Panel>
  );
}

function Status({ run }: { readonly run: BulkRun }) {
  const [tone, words] = RUN_WORDS[run.status];
  return <ToneBadge tone={tone}>{words}</ToneBadge>;
}

function done({ lines, counts }: BulkRun): string {
  return `${(lines - counts.undecided).toLocaleString('en')} of ${lines.toLocaleString('en')}`;
}

function runColumns(withMerchant: boolean): Column<BulkRun>[] {
  const merchant: Column<BulkRun> = {
    id: 'merchant',
    title: 'Merchant',
    cell: ({ merchant_id }) => <MerchantName id={merchant_id} />,
    onlyWide: true,
    onOneLine: true,
  };
  return [
    { id: 'file', title: 'File', cell: ({ name }) => <span className={classes.file}>{name}</span> },
    ...(withMerchant ? [merchant] : []),
    { id: 'status', title: 'Status', cell: (run) => <Status run={run} />, onlyWide: true },
    {
      id: 'lines',
      title: 'Lines',
      cell: (run) => (
        <>
          {run.status === 'ready' ? run.lines.toLocaleString('en') : done(run)}
          <OnlyNarrow>
            <Status run={run} />
          </OnlyNarrow>
        </>
      ),
      isNumber: true,
      onOneLine: true,
    },
    {
      id: 'refunded',
      title: 'Refunded',
      cell: (run) => <Sums sums={sumsOf(run, 'succeeded', 'decided')} />,
      isNumber: true,
      onlyWide: true,
    },
    { id: 'by', title: 'Uploaded by', cell: ({ created_by }) => actorWords(created_by), onlyWide: true },
    {
      id: 'created',
      title: 'Uploaded',
      cell: ({ created_at }) => <TimeText at={created_at} />,
      isNumber: true,
      onlyWide: true,
    },
  ];
}
