import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function BulkPage() {
  return (
    <>
      <PageTitle title="Bulk refunds" />
      <EmptyState title="Not here yet" />
    </>
  );
}
