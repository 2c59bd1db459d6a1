/** The OpenAPI document as the asking uses it: operations, with their schemas' references put in. */
export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: any }[];
  /** The body's schema and example; `null` where none is described. */
  readonly body: any;
  readonly example: any;
  readonly responses: Readonly<Record<string, any>>;
}

export function operationsIn(document: any): DocumentedOperation[] {
  return Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, operation]) => {
      const content = operation.requestBody?.content['application/json'];
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        parameters: (operation.parameters ?? []).map((parameter: any) => ({
          ...parameter,
          schema: inlined(document, parameter.schema),
        })),
        body: content === undefined ? null : inlined(document, content.schema),
        example: content?.example ?? null,
        responses: operation.responses,
      };
    }),
  );
}

/** A schema with its references to components put in. */
export function inlined(document: any, node: any): any {
  if (node === null || typeof node !== 'object') return node;
  if (typeof node.$ref === 'string') return inlined(document, document.components.schemas[node.$ref.split('/').at(-1)]);
  if (Array.isArray(node)) return node.map((item) => inlined(document, item));
  return Object.fromEntries(
    Object.entries(node).map(([name, member]) => [name, name === 'examples' ? member : inlined(document, member)]),
  );
}
