/** The partners' protocols as the server tells of them. */
import { queryOptions } from '@tanstack/react-query';
import { read } from '../../api/queries.ts';

export interface ExampleRequest {
  /** Without `?`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content_type: string | null;
  readonly body: string;
}

export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  /** Whether it changes money. */
  readonly writes: boolean;
  /** How many operations before it must be sent first, in order, with the cookies that they set. */
  readonly follows: number;
  /** Whether the body must be put into a signed envelope before it is sent. */
  readonly signed: boolean;
  readonly example: ExampleRequest;
}

export interface PartnerError {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly content_type: string;
  readonly body: string;
}

export interface Protocol {
  readonly name: string;
  readonly title: string;
  readonly operations: readonly Operation[];
  readonly errors: readonly PartnerError[];
  readonly namespaces: readonly { readonly name: string; readonly description: string }[];
  readonly credential: {
    readonly lookup: string | null;
    readonly secrets: readonly string[];
    readonly public_key: boolean;
    /** By name, with what they mean; the name of a list ends in `[]`. */
    readonly settings: Readonly<Record<string, string>>;
  };
}

/** They change with the server's version only. */
export const protocolsQuery = queryOptions({
  ...read<readonly Protocol[]>('/console/api/protocols'),
  staleTime: 5 * 60_000,
});

/** What a caller of this protocol must have, in a few words. */
export function credentialWords({ lookup, secrets, public_key: isSigned }: Protocol['credential']): string {
  return [...(lookup === null ? [] : [lookup]), ...secrets, ...(isSigned ? ['RSA key pair'] : [])].join(', ');
}
