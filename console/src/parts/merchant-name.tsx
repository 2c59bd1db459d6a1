import { useQuery } from '@tanstack/react-query';
import { merchantQuery, merchantsQuery } from '../api/queries.ts';
import { useSession } from '../app/session.tsx';

/** A merchant by name; by id until that is known. */
export function MerchantName({ id }: { readonly id: string }) {
  const seesAll = useSession().user.merchant_id === null;
  const list = useQuery({ ...merchantsQuery, enabled: seesAll });
  const listed = list.data?.data.find((merchant) => merchant.id === id);
  const isUnlisted = listed === undefined && (!seesAll || list.isFetched);
  const single = useQuery({ ...merchantQuery(id), enabled: isUnlisted });
  return listed?.name ?? single.data?.name ?? id;
}
