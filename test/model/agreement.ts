/** Holds the engine's answers, and its books, against the model's. Ids are each side's own: they are paired as they come. */
import type { Command } from '../../src/core/command.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { MERCHANT_ID, OTHER_MERCHANT_ID } from '../kit/core.ts';
import { keep, nothingMade, type Step } from '../kit/histories.ts';
import type { Answer } from './books.ts';
import { Model } from './model.ts';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);

/** What proves a row or an entry, or makes it unguessable: not the rules' business. A sentence is for people. */
const NOT_MODELLED = new Set(['bucket', 'fingerprint', 'digest', 'hash', 'detailsSalt', 'decisionSalt', 'message']);

/** Of an answer that is given again no door shows these, and they are not kept. */
const NOT_REPLAYED = new Set(['refundCount', 'entitled', 'counters']);

/** Nor, of one that was refused, when what it met had last changed. */
const NOT_REPLAYED_REFUSED = new Set([...NOT_REPLAYED, 'updatedAt', 'lastSeq']);

const NOTHING: ReadonlySet<string> = new Set();

export interface Asked {
  readonly engine: Command;
  readonly model: Command;
}

export class Agreement {
  readonly model: Model;
  readonly #made = { engine: nothingMade(), model: nothingMade() };
  readonly #engineIds = new Map<string, string>();
  readonly #modelIds = new Map<string, string>();
  /** What each command came to: `refund_payment refused below_minimum`. */
  readonly reached: string[] = [];
  readonly #told: { readonly now: number; readonly command: Command; readonly result: string }[] = [];
  readonly #merchantIds: Readonly<Record<string, string>>;

  /** `merchantIds`: the engine's ids of the histories' two merchants; their bucket has `seqBefore` entries. */
  constructor(merchantIds: readonly [string, string], modelId: () => string, seqBefore = 0n) {
    this.model = new Model(modelId, seqBefore);
    this.#merchantIds = { [MERCHANT_ID]: merchantIds[0], [OTHER_MERCHANT_ID]: merchantIds[1] };
  }

  /** What a step asks: of the engine, and of the model, by the ids that each of them has given out so far. */
  asked({ command }: Step): Asked {
    const engine = command(this.#made.engine);
    const merchantId = this.#merchantIds[engine.merchantId ?? ''] ?? engine.merchantId;
    return { engine: { ...engine, merchantId }, model: command(this.#made.model) };
  }

  /** Asks the model at the moment at which the engine was asked, and throws where its answer is another. */
  check({ engine, model }: Asked, now: number, outcome: Outcome): void {
    const answer = this.model.execute(model, now);
    keep(this.#made.engine, engine, outcome);
    keep(this.#made.model, model, answer);
    const result = `${model.action.kind} ${resultOf(answer)}`;
    this.reached.push(result);
    for (const change of changesOf(answer)) this.reached.push(`${model.action.kind} ${change}`);
    this.#told.push({ now, command: model, result });
    this.same('answer', outcome, answer, hidden(answer));
  }

  /** Throws where two values say different things; the message has all that was asked until then. */
  same(what: string, engine: unknown, model: unknown, hiding: ReadonlySet<string> = NOTHING): void {
    const found = this.#differ(engine, model, what, hiding);
    if (found === null) return;
    const told = this.#told.map(({ now, command, result }) => `${now} ${show(command)}\n    ${result}`);
    throw new Error(`${found}, after\n${told.join('\n')}`);
  }

  #differ(engine: unknown, model: unknown, path: string, hiding: ReadonlySet<string>): string | null {
    if (isId(engine) && isId(model)) return this.#pair(engine, model) ? null : `${path}: another id`;
    if (Array.isArray(engine) && Array.isArray(model)) return this.#differInItems(engine, model, path, hiding);
    if (isObject(engine) && isObject(model)) {
      for (const key of new Set([...Object.keys(engine), ...Object.keys(model)])) {
        if (NOT_MODELLED.has(key) || hiding.has(key)) continue;
        const found = this.#differ(engine[key], model[key], `${path}.${key}`, hiding);
        if (found !== null) return found;
      }
      return null;
    }
    return engine === model ? null : `${path}: the engine says ${show(engine)}, the model ${show(model)}`;
  }

  /** Rows and ids have no order of their own, once it is known which is which. */
  #differInItems(engine: unknown[], model: unknown[], path: string, hiding: ReadonlySet<string>): string | null {
    if (engine.length !== model.length) return `${path}: ${engine.length} items, the model has ${model.length}`;
    const isKnown = model.every((item) => this.#engineIds.has(identity(item)));
    const byId = (a: unknown, b: unknown): number => (identity(a) < identity(b) ? -1 : 1);
    const byEngineId = (a: unknown, b: unknown): number =>
      (this.#engineIds.get(identity(a)) ?? '') < (this.#engineIds.get(identity(b)) ?? '') ? -1 : 1;
    const [ones, others] = isKnown ? [engine.toSorted(byId), model.toSorted(byEngineId)] : [engine, model];
    for (const [index, one] of ones.entries()) {
      const found = this.#differ(one, others[index], `${path}[${index}]`, hiding);
      if (found !== null) return found;
    }
    return null;
  }

  #pair(engineId: string, modelId: string): boolean {
    const [engine, model] = [this.#engineIds.get(modelId), this.#modelIds.get(engineId)];
    if (engine === undefined && model === undefined) {
      this.#engineIds.set(modelId, engineId);
      this.#modelIds.set(engineId, modelId);
      return true;
    }
    return engine === engineId && model === modelId;
  }
}

function resultOf({ refusal, entry, replayed }: Answer): string {
  if (replayed) return 'replayed';
  return refusal === null ? (entry?.kind ?? 'nothing_changed') : `refused ${refusal.code}`;
}

/** What happened to enrolments and coupons: `entitlements_kept`. */
function changesOf({ entry, replayed }: Answer): string[] {
  const facts = replayed ? null : (entry?.facts ?? null);
  if (!isObject(facts)) return [];
  return Object.keys(facts).filter((name) => Array.isArray(facts[name]) && facts[name].length > 0);
}

function hidden({ replayed, refusal }: Answer): ReadonlySet<string> {
  if (!replayed) return NOTHING;
  return refusal === null ? NOT_REPLAYED : NOT_REPLAYED_REFUSED;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function identity(item: unknown): string {
  if (isId(item)) return item;
  return isObject(item) && isId(item['id']) ? item['id'] : '';
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)) ?? 'nothing';
