/** The fields of payment methods and devices are written in snake case in the API, and in camel case in the core. */

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

const renamed = (fields: object, rename: (name: string) => string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [rename(name), value as unknown]));

export const toApiNames = (fields: object): Record<string, unknown> => renamed(fields, snakeCase);
export const toCoreNames = (fields: object): Record<string, unknown> => renamed(fields, camelCase);
