import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { merchantsQuery } from '../api/queries.ts';
import { useSession } from '../app/session.tsx';

interface MerchantSelectProps {
  /** Empty for all. */
  readonly value: string;
  readonly onChange: (merchantId: string) => void;
}

/** Whose numbers; for those who see more than one merchant, and nothing for everybody else. */
export function MerchantSelect({ value, onChange }: MerchantSelectProps) {
  const seesAll = useSession().user.merchant_id === null;
  const { data } = useQuery({ ...merchantsQuery, enabled: seesAll });
  const merchants = data?.data ?? [];
  if (!seesAll || (merchants.length < 2 && value === '')) return null;
  const isListed = value === '' || merchants.some(({ id }) => id === value);
  return (
    <NativeSelect
      size="xs"
      aria-label="Merchant"
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      data={[
        { value: '', label: 'All merchants' },
        ...merchants.map(({ id, name }) => ({ value: id, label: name })),
        ...(isListed ? [] : [{ value, label: value }]),
      ]}
    />
  );
}
