/** The native REST API, under `/v1`; its OpenAPI document at `/openapi.json`, and its reference at `/docs`. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { Refundry } from '../engine/refundry.ts';
import { JournalReader } from '../store/read-journal.ts';
import { SettledReader } from '../store/read-settled.ts';
import { requireKeys } from './access.ts';
import { CredentialResource, IssuedCredentialResource, SettlementResource } from './account-schemas.ts';
import type { ApiContext } from './api.ts';
import { addCredentials } from './credentials.ts';
import { addDocs } from './docs.ts';
import { ProblemResource } from './documented.ts';
import { CouponResource, EntitlementResource, EntryResource, EventResource } from './journal-schemas.ts';
import { addJournal } from './journal.ts';
import { parseBodies } from './json-body.ts';
import { BalanceResource, CallerResource, MerchantResource, PolicyResource } from './merchant-schemas.ts';
import { addMerchants } from './merchants.ts';
import { describeRoutes } from './openapi.ts';
import { addEntitlements, addPaymentActions } from './payment-actions.ts';
import { BreakdownResource, PaymentResource } from './payment-schemas.ts';
import { addPayments } from './payments.ts';
import { answerProblems } from './problems.ts';
import { addRefundActions } from './refund-actions.ts';
import { EntitlementChangesResource, PreviewResource, RefundResource } from './refund-schemas.ts';
import { addRefunds } from './refunds.ts';
import { addSettlements } from './settlements.ts';
import { compileValidator } from './validate.ts';

export interface ApiParts {
  readonly refundry: Refundry;
}

const COMPONENTS = [
  ProblemResource,
  CallerResource,
  PolicyResource,
  MerchantResource,
  BalanceResource,
  CredentialResource,
  IssuedCredentialResource,
  BreakdownResource,
  PaymentResource,
  EntitlementChangesResource,
  RefundResource,
  PreviewResource,
  SettlementResource,
  EntryResource,
  EventResource,
  EntitlementResource,
  CouponResource,
];

/** Gives a scope the API's manners: problems as answers, bodies read exactly, its validator, and its resources to refer to. */
export function prepareScope(scope: FastifyInstance, refundry: Refundry): void {
  answerProblems(scope, refundry);
  parseBodies(scope);
  scope.setValidatorCompiler(compileValidator);
  for (const resource of COMPONENTS) scope.addSchema(resource);
}

/** Adds the API's routes to a scope of their own. */
export async function registerApi(app: FastifyInstance, { refundry }: ApiParts): Promise<void> {
  const context: ApiContext = {
    refundry,
    journal: new JournalReader(refundry.readers),
    settled: new SettledReader(refundry.readers),
  };
  await describeRoutes(app);
  await app.register(
    async (scope) => {
      prepareScope(scope, refundry);
      requireKeys(scope, refundry);
      const routes = scope.withTypeProvider<TypeBoxTypeProvider>();
      addPayments(routes, context);
      addPaymentActions(routes, context);
      addRefunds(routes, context);
      addRefundActions(routes, context);
      addMerchants(routes, context);
      addCredentials(routes, context);
      addSettlements(routes, context);
      addJournal(routes, context);
      addEntitlements(routes, context);
    },
    { prefix: '/v1' },
  );
  addDocs(app);
}
