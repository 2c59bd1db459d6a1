/** An entry's facts, read without trust: somebody may have written anything there. */
import type { Json } from '../../core/json.ts';

export function factOf(facts: Json, name: string): string | null {
  const value = memberOf(facts, name);
  return typeof value === 'string' ? value : null;
}

export function memberOf(facts: Json, name: string): Json | undefined {
  if (facts === null || typeof facts !== 'object' || Array.isArray(facts)) return undefined;
  return (facts as Readonly<Record<string, Json | undefined>>)[name];
}
