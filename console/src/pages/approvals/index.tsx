/** What waits for a second person: who asked, why, what it would bring about, until when. */
import { Stack } from '@mantine/core';
import type { Refund } from '../../api/types.ts';
import { useMay, useSession } from '../../app/session.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { RefundViewDrawer } from '../../refunds/refund-view-drawer.tsx';
import { useShownRefund } from '../../refunds/use-shown-refund.ts';
import { QueueTable } from './queue-table.tsx';
import { type Queue, useQueue } from './use-queue.ts';

export default function ApprovalsPage() {
  const { data, error, refetch } = useQueue();
  const { refundId, linkTo, close } = useShownRefund();
  const decides = useMay('approve');
  return (
    <>
      <PageTitle
        title="Approvals"
        lead={
          decides
            ? 'Refunds above the merchant’s limit, or above what somebody may refund alone. Their funds are reserved until you or another second person decides.'
            : 'Refunds that await a second person. Approvers and administrators decide on them; whoever requested one may cancel it.'
        }
      />
      {data !== undefined ? (
        <Shown queue={data} decides={decides} rowLink={({ id }) => linkTo(id)} />
      ) : (
        <Panel>
          {error === null ? <Loading what="what waits" /> : <ErrorState error={error} onRetry={() => void refetch()} />}
        </Panel>
      )}
      <RefundViewDrawer refundId={refundId} onClose={close} />
    </>
  );
}

interface ShownProps {
  readonly queue: Queue;
  readonly decides: boolean;
  readonly rowLink: (refund: Refund) => string;
}

function Shown({ queue: { refunds, hasMore }, decides, rowLink }: ShownProps) {
  const { user } = useSession();
  const isOwn = (refund: Refund): boolean => refund.requested_by === `user:${user.name}`;
  const yours = refunds.filter(isOwn);
  const others = refunds.filter((refund) => !isOwn(refund));
  const table = { user, rowLink };
  if (refunds.length === 0) {
    return (
      <Panel>
        <EmptyState title="Nothing awaits approval">Refunds that need a second person appear here at once.</EmptyState>
      </Panel>
    );
  }
  const aside = hasMore ? 'The newest 500' : undefined;
  return (
    <Stack gap="md">
      {others.length > 0 && (
        <Panel
          title={decides ? `For you to decide (${others.length})` : `Awaiting approval (${others.length})`}
          aside={aside}
          flush
        >
          <QueueTable {...table} label={decides ? 'For you to decide' : 'Awaiting approval'} refunds={others} />
        </Panel>
      )}
      {yours.length > 0 && (
        <Panel title={`Requested by you (${yours.length})`} flush>
          <QueueTable {...table} label="Requested by you" refunds={yours} />
        </Panel>
      )}
    </Stack>
  );
}
