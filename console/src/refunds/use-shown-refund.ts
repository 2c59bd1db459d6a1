/** The refund that is open over a page: in the URL, so that it can be sent to somebody, and that Back closes it. */
import { useCallback } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { withFilter } from '../lists/filters.ts';

const PARAMETER = 'refund';

export function useShownRefund() {
  const [parameters] = useSearchParams();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const linkTo = useCallback(
    (refundId: string | null): string => `${pathname}?${withFilter(parameters, PARAMETER, refundId).toString()}`,
    [parameters, pathname],
  );
  return {
    refundId: parameters.get(PARAMETER),
    linkTo,
    show: (refundId: string) => void navigate(linkTo(refundId), { preventScrollReset: true }),
    close: () => void navigate(linkTo(null), { replace: true, preventScrollReset: true }),
  };
}
