import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function SearchPage() {
  return (
    <>
      <PageTitle title="Search" />
      <EmptyState title="Not here yet" />
    </>
  );
}
