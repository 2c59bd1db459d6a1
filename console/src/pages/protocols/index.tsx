import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function ProtocolsPage() {
  return (
    <>
      <PageTitle title="Protocols" />
      <EmptyState title="Not here yet" />
    </>
  );
}
