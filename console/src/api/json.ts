/** JSON whose integers are exact: beyond what a `number` holds they are read as `bigint`, from their source text. */

interface ReviverContext {
  readonly source?: string;
}

const INTEGER = /^-?\d+$/;

export function parseExactly(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: ReviverContext): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    if (source !== undefined && INTEGER.test(source)) return BigInt(source);
    // A number that was rounded must not be shown as if it were what was sent.
    if (Number.isInteger(value)) throw new Error('this browser cannot read numbers of this size exactly');
    return value;
  };
  return JSON.parse(text, revive) as unknown;
}
