/** A payment's references as PostgreSQL shows them, taken apart without making values of them. */
import { Doubt } from './doubt.ts';

type OnReference = (bytes: Buffer, value: number, valueEnd: number, namespace: number, namespaceEnd: number) => void;

const VALUE = '{"value": "';
const NAMESPACE = '", "namespace": "';
const END = '"}';

/** Calls `onReference` with where each one's value and namespace lie. `from` is where the jsonb's version is. */
export function forEachReference(bytes: Buffer, from: number, to: number, onReference: OnReference): void {
  // One character for each byte, so that places in it are places in the bytes.
  const text = bytes.toString('latin1', from, to);
  if (text.includes('\\')) {
    forEachParsed(bytes.toString('utf8', from + 1, to), onReference);
    return;
  }
  let at = 2;
  if (text.charAt(1) !== '[') throw new Doubt('references is not a list of references');
  while (text.charAt(at) !== ']') {
    if (!text.startsWith(VALUE, at)) throw new Doubt('references is not a list of references');
    const value = at + VALUE.length;
    const valueEnd = text.indexOf('"', value);
    if (!text.startsWith(NAMESPACE, valueEnd)) throw new Doubt('references is not a list of references');
    const namespace = valueEnd + NAMESPACE.length;
    const namespaceEnd = text.indexOf('"', namespace);
    if (!text.startsWith(END, namespaceEnd)) throw new Doubt('references is not a list of references');
    onReference(bytes, from + value, from + valueEnd, from + namespace, from + namespaceEnd);
    at = namespaceEnd + END.length;
    if (text.startsWith(', ', at)) at += 2;
  }
}

/** Where something in it is escaped. */
function forEachParsed(text: string, onReference: OnReference): void {
  const references: unknown = JSON.parse(text);
  if (!Array.isArray(references)) throw new Doubt('references is not a list of references');
  for (const reference of references as readonly (Readonly<Record<string, unknown>> | null)[]) {
    const { value, namespace } = reference ?? {};
    if (typeof value !== 'string' || typeof namespace !== 'string') {
      throw new Doubt('references is not a list of references');
    }
    const valueEnd = Buffer.byteLength(value);
    const both = Buffer.from(value + namespace);
    onReference(both, 0, valueEnd, valueEnd, both.length);
  }
}
