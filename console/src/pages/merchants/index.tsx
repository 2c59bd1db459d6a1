import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function MerchantsPage() {
  return (
    <>
      <PageTitle title="Merchants" />
      <EmptyState title="Not here yet" />
    </>
  );
}
