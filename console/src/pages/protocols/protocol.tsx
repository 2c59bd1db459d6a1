import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function ProtocolPage() {
  return (
    <>
      <PageTitle title="Protocol" />
      <EmptyState title="Not here yet" />
    </>
  );
}
