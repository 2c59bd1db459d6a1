/** Who is signed in. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext } from 'react';
import { Navigate, useLocation } from 'react-router';
import { post } from '../api/client.ts';
import { type Deed, may } from '../api/permissions.ts';
import { SESSION_KEY, sessionQuery } from '../api/queries.ts';
import type { Session } from '../api/types.ts';
import { ErrorState } from '../parts/error-state.tsx';
import { Loading } from '../parts/loading.tsx';

const SessionContext = createContext<Session | null>(null);

/** Shows its children to those who are signed in; asks everyone else to sign in, and brings them back here. */
export function SignedIn({ children }: { readonly children: ReactNode }) {
  const { data, error, isPending, refetch } = useQuery(sessionQuery);
  const location = useLocation();
  if (isPending) return <Loading what="your session" />;
  if (error !== null && data === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === null || data === undefined) {
    const here = location.pathname + location.search;
    return <Navigate to={here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`} replace />;
  }
  return <SessionContext value={data}>{children}</SessionContext>;
}

/** The session of whoever looks at this page. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('nobody is signed in here');
  return session;
}

/** Whether the person may do something of this kind. */
export function useMay(deed: Deed): boolean {
  return may(useSession().user, deed);
}

/** Ends the session, here or in every browser. What was read with it is forgotten. */
export function useSignOut(): (everywhere?: boolean) => Promise<void> {
  const client = useQueryClient();
  return async (everywhere = false) => {
    await post(everywhere ? '/console/api/sign-out-everywhere' : '/console/api/sign-out');
    sessionStorage.clear();
    client.setQueryData(SESSION_KEY, null);
    client.removeQueries({ queryKey: ['read'] });
  };
}
