import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function BulkRunPage() {
  return (
    <>
      <PageTitle title="Bulk refund" />
      <EmptyState title="Not here yet" />
    </>
  );
}
