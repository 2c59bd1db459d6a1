import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function PaymentsPage() {
  return (
    <>
      <PageTitle title="Payments" />
      <EmptyState title="Not here yet" />
    </>
  );
}
