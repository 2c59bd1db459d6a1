import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function RefundPage() {
  return (
    <>
      <PageTitle title="Refund" />
      <EmptyState title="Not here yet" />
    </>
  );
}
