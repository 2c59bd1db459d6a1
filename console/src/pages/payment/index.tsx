import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function PaymentPage() {
  return (
    <>
      <PageTitle title="Payment" />
      <EmptyState title="Not here yet" />
    </>
  );
}
