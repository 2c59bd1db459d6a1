import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function MerchantPage() {
  return (
    <>
      <PageTitle title="Merchant" />
      <EmptyState title="Not here yet" />
    </>
  );
}
