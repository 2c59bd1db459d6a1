import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function RefundsPage() {
  return (
    <>
      <PageTitle title="Refunds" />
      <EmptyState title="Not here yet" />
    </>
  );
}
