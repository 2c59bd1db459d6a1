/** The native REST API, under `/v1`. */
import type { FastifyInstance } from 'fastify';
import type { Refundry } from '../engine/refundry.ts';

export interface ApiParts {
  readonly refundry: Refundry;
}

/** Adds the API's routes to a scope of their own. */
export async function registerApi(_app: FastifyInstance, _parts: ApiParts): Promise<void> {
  await Promise.resolve();
}
