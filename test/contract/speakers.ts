/** Who speaks for each dialect of the registry: one line each, as there. */
import { bbmsl } from './bbmsl.ts';
import { boostAoc } from './boost-aoc.ts';
import { edubrite } from './edubrite.ts';
import { payengine } from './payengine.ts';
import { paymentOptions } from './payment-options.ts';
import { sixth } from './sixth.ts';
import type { Speaker } from './speaker.ts';

export const SPEAKERS: readonly Speaker[] = [boostAoc, bbmsl, payengine, paymentOptions, edubrite, sixth];

/** Throws for a dialect that nobody speaks for: the contract would not hold for it. */
export function speakerOf(dialect: string): Speaker {
  const speaker = SPEAKERS.find(({ name }) => name === dialect);
  if (speaker === undefined) {
    throw new Error(`nobody speaks ${dialect}: add test/contract/${dialect}.ts and a line to speakers.ts`);
  }
  return speaker;
}
