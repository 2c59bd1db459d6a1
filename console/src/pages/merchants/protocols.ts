/** What a credential of each protocol is made of. */
import { useQuery } from '@tanstack/react-query';
import { read } from '../../api/queries.ts';

export interface CredentialShape {
  readonly name: string;
  readonly title: string;
  /** What the caller sends as its name, if anything. */
  readonly lookup: string | null;
  readonly public_key: boolean;
  /** Meaning by name; the name of a list ends in `[]`. */
  readonly settings: Readonly<Record<string, string>>;
}

interface ProtocolAnswer {
  readonly name: string;
  readonly title: string;
  readonly credential: Omit<CredentialShape, 'name' | 'title'>;
}

const NATIVE: CredentialShape = {
  name: 'native',
  title: 'Refundry’s own API',
  lookup: null,
  public_key: false,
  settings: {},
};

/** `undefined` until it is known. */
export function useShapes(): readonly CredentialShape[] | undefined {
  const { data } = useQuery({ ...read<readonly ProtocolAnswer[]>('/console/api/protocols'), staleTime: Infinity });
  return data === undefined
    ? undefined
    : [NATIVE, ...data.map(({ name, title, credential }) => ({ ...credential, name, title }))];
}
