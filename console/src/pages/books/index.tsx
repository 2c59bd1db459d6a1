import { EmptyState } from '../../parts/empty-state.tsx';
import { PageTitle } from '../../parts/page-title.tsx';

export default function BooksPage() {
  return (
    <>
      <PageTitle title="Books" />
      <EmptyState title="Not here yet" />
    </>
  );
}
