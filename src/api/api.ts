/** The scope that the native API's routes are added to, and what they need. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Refundry } from '../engine/refundry.ts';
import type { JournalReader } from '../store/read-journal.ts';
import type { SettledReader } from '../store/read-settled.ts';
import { exactJson } from './exact-json.ts';

export type ApiScope = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ApiContext {
  readonly refundry: Refundry;
  readonly journal: JournalReader;
  readonly settled: SettledReader;
}

/** For answers with numbers that a compiled serialiser would round: sums over all payments of a merchant. */
export const serializeExactly = () => (data: unknown) => exactJson(data);
