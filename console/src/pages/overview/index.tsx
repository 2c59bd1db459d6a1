import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function OverviewPage() {
  return (
    <>
      <PageTitle title="Overview" />
      <EmptyState title="Not here yet" />
    </>
  );
}
