import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function ApprovalsPage() {
  return (
    <>
      <PageTitle title="Approvals" />
      <EmptyState title="Not here yet" />
    </>
  );
}
