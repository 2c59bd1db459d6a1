/** Requests and answers as the reference shows them. */
import { escape } from './docs-html.ts';
import { componentName, type OpenApi, type SchemaObject } from './docs-model.ts';

/** Stands for the address of the server, which each request for the page tells anew. */
export const SERVER_ADDRESS = '{server}';

/** A command that can be pasted into a shell. */
export function curlOf(method: string, path: string, body: unknown, takesKey: boolean): string {
  const lines = [
    `curl${method === 'GET' || (method === 'POST' && body !== undefined) ? '' : ` -X ${method}`} ${SERVER_ADDRESS}${path.replace('{id}', '$ID')}`,
    '  -H "Authorization: Bearer $KEY"',
    ...(takesKey ? ['  -H "Idempotency-Key: $(uuidgen)"'] : []),
    ...(body === undefined
      ? []
      : ['  -H "Content-Type: application/json"', `  -d '${JSON.stringify(body, null, 2).replaceAll('\n', '\n  ')}'`]),
  ];
  return lines.join(' \\\n');
}

/** An answer of a schema's shape, made of the components' examples. */
export function exampleAnswer(document: OpenApi, schema: SchemaObject | undefined): unknown {
  if (schema === undefined) return undefined;
  const name = componentName(schema);
  if (name !== null) return document.components.schemas[name]?.examples?.[0];
  if (schema.items !== undefined) return [exampleAnswer(document, schema.items)];
  if (schema.properties !== undefined) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([field, member]) => [field, exampleAnswer(document, member)]),
    );
  }
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.at(-1);
  return type === 'boolean' ? false : type === 'null' ? null : '…';
}

export function jsonBlock(title: string, value: unknown): string {
  if (value === undefined) return '';
  return `<figure><figcaption>${escape(title)}</figcaption><pre>${escape(JSON.stringify(value, null, 2))}</pre></figure>`;
}
