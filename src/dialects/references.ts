/** The names by which payments are known: every dialect's namespaces, and the native API's one. */
import type { RequestedReference } from '../core/command.ts';
import { invalidParameter, Refused } from '../core/errors.ts';
import type { Dialect, ReferenceNamespace } from './dialect.ts';
import { DIALECTS } from './index.ts';

const NATIVE: ReferenceNamespace = {
  name: 'native.reference',
  pattern: /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/,
  description: 'Your own reference: 1 to 255 printable ASCII characters.',
};

/** Every namespace in which a payment may have a reference. */
export function referenceNamespaces(dialects: readonly Dialect[] = DIALECTS): readonly ReferenceNamespace[] {
  return [NATIVE, ...dialects.flatMap((dialect) => dialect.references)];
}

/**
 * References to register, by namespace. Adds a request for a number where a namespace gives them out. Throws `Refused`
 * (`invalid_request`) for an unknown namespace or a value that the partner could not send.
 */
export function readReferences(
  given: Readonly<Record<string, string>>,
  parameter = 'references',
  dialects: readonly Dialect[] = DIALECTS,
): RequestedReference[] {
  const namespaces = referenceNamespaces(dialects);
  const references: RequestedReference[] = [];
  for (const [name, value] of Object.entries(given)) {
    const namespace = namespaces.find((known) => known.name === name);
    if (namespace === undefined) {
      const names = namespaces.map((known) => known.name).join(', ');
      throw new Refused(invalidParameter(`${parameter}.${name}`, `is no namespace; there are ${names}`));
    }
    if (!namespace.pattern.test(value))
      throw new Refused(invalidParameter(`${parameter}.${name}`, namespace.description));
    references.push({ namespace: name, value, numbered: namespace.numberedWith !== undefined });
  }
  for (const namespace of namespaces) {
    const isAsked = namespace.numberedWith !== undefined && Object.hasOwn(given, namespace.numberedWith);
    if (isAsked && !Object.hasOwn(given, namespace.name)) {
      references.push({ namespace: namespace.name, value: null, numbered: true });
    }
  }
  return references;
}
