/** Every operation of the OpenAPI document, and a request for each: a new operation is covered by being there. */
import type { Access } from '../../src/api/access.ts';
import type { Body } from './server.ts';

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly access: Access;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly example: Body;
  readonly fields: Body;
}

export function operationsOf(document: Body): Operation[] {
  return Object.entries<Body>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Body>(methods).map(([method, operation]) => {
      const content = operation.requestBody?.content['application/json'];
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        access: operation['x-access'],
        parameters: operation.parameters ?? [],
        example: content?.example,
        fields: content?.schema.properties ?? {},
      };
    }),
  );
}

/** What a request is about. */
export interface About {
  /** Ids by the first part of the path: `payments`. */
  readonly resources: Readonly<Record<string, string>>;
  /** The id of whatever is not among them. */
  readonly otherwise: string;
  readonly merchantId: string;
  readonly paymentId: string;
}

/** The document's own example, about these things; `named`: with the merchant wherever one can be named. */
export function requestOf(
  { method, path, parameters, example, fields }: Operation,
  about: About,
  named: boolean,
): { readonly method: string; readonly url: string; readonly body: Body } {
  const [, , resource = ''] = path.split('/');
  const query = new URLSearchParams();
  for (const { name, in: place, required } of parameters) {
    if (place === 'query' && required) query.set(name, 'ada');
    if (place === 'query' && named && name === 'merchant_id') query.set(name, about.merchantId);
  }
  const body =
    example === undefined
      ? undefined
      : {
          ...example,
          ...('payment_id' in fields ? { payment_id: about.paymentId } : {}),
          ...(named && 'merchant_id' in fields ? { merchant_id: about.merchantId } : {}),
        };
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return { method, url: path.replace('{id}', about.resources[resource] ?? about.otherwise) + search, body };
}
