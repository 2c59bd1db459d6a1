/** What the requests are about: who may call, and the ids that answers gave. */
import type { Random } from '../kit/random.ts';
import type { Refill, Setting } from './channel.ts';

/** As many ids of a kind are remembered: the newest are the ones with something left to refund. */
const REMEMBERED = 300;
/** Payments by number that are asked about: older ones have had their refunds. */
const RECENT_PAYMENTS = 600;

export class World {
  readonly setting: Setting;
  #refill: Refill;
  readonly #ids = new Map<string, string[]>();

  constructor(setting: Setting, refill: Refill) {
    this.setting = setting;
    this.#refill = refill;
  }

  refill(refill: Refill): void {
    this.#refill = refill;
    for (const id of refill.paymentIds) this.remember('payments', id);
  }

  get sessions(): Refill['sessions'] {
    return this.#refill.sessions;
  }

  get partnerSession(): readonly [string, string] {
    return this.#refill.partnerSession;
  }

  /** The number by which all partners know some payment. */
  paymentNumber(random: Random): number {
    const { lastPayment } = this.#refill;
    return random.between(Math.max(this.setting.firstPayment, lastPayment - RECENT_PAYMENTS), lastPayment);
  }

  remember(kind: string, id: string): void {
    if (this.setting.keptIds.includes(id)) return;
    const known = this.#ids.get(kind) ?? [];
    known.push(id);
    if (known.length > REMEMBERED) known.shift();
    this.#ids.set(kind, known);
  }

  /** An id of that kind, if there is one; now and then one of another. */
  id(kind: string, random: Random): string {
    const kinds = [...this.#ids.keys()];
    const chosen = random.oneIn(12) && kinds.length > 0 ? random.pick(kinds) : kind;
    const known = this.#ids.get(chosen) ?? [];
    if (chosen === 'merchants' && random.oneIn(2)) return this.setting.merchantId;
    return known.length === 0 ? '0198c0de-0000-7000-8000-00000000dead' : random.pick(known);
  }
}
