/** The registry: a dialect is one folder and one line here. */
import { bbmsl } from './bbmsl/index.ts';
import { boostAoc } from './boost-aoc/index.ts';
import type { Dialect } from './dialect.ts';
import { edubrite } from './edubrite/index.ts';
import { payengine } from './payengine/index.ts';
import { paymentOptions } from './payment-options/index.ts';

export const DIALECTS: readonly Dialect[] = [boostAoc, bbmsl, payengine, paymentOptions, edubrite];
