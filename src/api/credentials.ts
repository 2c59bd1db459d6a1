/** Credentials for every protocol: secrets are shown once, when they are made, and kept as hashes. */
import { invalidParameter, refusal, Refused } from '../core/errors.ts';
import { issueCredential, NATIVE_PROTOCOL } from '../dialects/issue.ts';
import { operation, resourceNotFound, visibleMerchant } from './access.ts';
import { CreateCredential, CredentialResource, IssuedCredentialResource, ListCredentials } from './account-schemas.ts';
import { credentialView } from './account-views.ts';
import type { ApiContext, ApiScope } from './api.ts';
import { answer, refusals } from './documented.ts';
import { wholeList } from './lists.ts';
import { perform, present, refuseIdempotencyKey } from './perform.ts';
import { IdParams, NoBody, NoQuery, pageOf, ref } from './shapes.ts';

const TAGS = ['Credentials'];

export function addCredentials(app: ApiScope, { refundry }: ApiContext): void {
  app.route({
    method: 'POST',
    url: '/credentials',
    config: operation('create_credential', 'admin'),
    schema: {
      operationId: 'createCredential',
      summary: 'Create a credential',
      description:
        "For the native API, or for a partner's protocol. Its secrets are in this answer and nowhere else: store them now. Only for administrators, since whoever can make keys can approve their own refunds. Takes no Idempotency-Key, because a secret cannot be shown twice: if the answer was lost, revoke the credential and make another.",
      tags: TAGS,
      querystring: NoQuery,
      body: CreateCredential,
      response: {
        201: answer(ref(IssuedCredentialResource), 'The credential, with its secrets.'),
        ...refusals('resource_not_found', 'duplicate_reference', 'outcome_unknown'),
      },
    },
    handler: async (request, reply) => {
      refuseIdempotencyKey(request);
      const { merchant_id: merchantId = null, public_key: publicKey, lookup, settings, ...others } = request.body;
      if (merchantId === null && others.role === 'merchant') {
        throw new Refused(invalidParameter('merchant_id', 'is required for this role'));
      }
      if (merchantId !== null && others.role === 'admin') {
        throw new Refused(invalidParameter('merchant_id', "administrators' keys are bound to no merchant"));
      }
      if (merchantId === null && others.protocol !== NATIVE_PROTOCOL) {
        throw new Refused(invalidParameter('merchant_id', "is required: a partner's protocol acts for one merchant"));
      }
      const { credential, secrets } = issueCredential({
        ...others,
        ...(lookup === undefined ? {} : { lookup }),
        ...(publicKey === undefined ? {} : { publicKey }),
        ...(settings === undefined ? {} : { settings }),
      });
      if (await refundry.isNameTaken(credential.protocol, credential.lookup, merchantId)) {
        const taken = `another merchant's ${credential.protocol} credential has this name already`;
        throw new Refused(refusal('duplicate_reference', taken, { lookup: credential.lookup }));
      }
      const action = { kind: 'create_credential', credential } as const;
      const outcome = await perform(refundry, request, reply, merchantId, action, null);
      reply.code(201).header('cache-control', 'no-store');
      return { ...credentialView(present(outcome.credential)), secrets: { ...secrets } };
    },
  });

  app.route({
    method: 'GET',
    url: '/credentials',
    config: operation('list_credentials', 'read'),
    schema: {
      operationId: 'listCredentials',
      summary: 'List credentials',
      description: "Oldest first, revoked ones included. A merchant's keys see the credentials of their merchant.",
      tags: TAGS,
      querystring: ListCredentials,
      response: { 200: answer(pageOf(CredentialResource), 'All of them.'), ...refusals('resource_not_found') },
    },
    handler: async (request) => {
      const credentials = await refundry.accounts.credentials(visibleMerchant(request, request.query.merchant_id));
      return wholeList(credentials.map(credentialView));
    },
  });

  app.route({
    method: 'POST',
    url: '/credentials/:id/revoke',
    config: operation('revoke_credential', 'admin'),
    schema: {
      operationId: 'revokeCredential',
      summary: 'Revoke a credential',
      description: 'Effective within two seconds, for good. Revoking a revoked one changes nothing.',
      tags: TAGS,
      params: IdParams,
      querystring: NoQuery,
      body: NoBody,
      response: {
        200: answer(ref(CredentialResource), 'The credential.'),
        ...refusals('resource_not_found', 'outcome_unknown'),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const credential = await refundry.accounts.credential(id);
      if (credential === null) throw resourceNotFound('credential', id);
      const action = { kind: 'revoke_credential', credentialId: id } as const;
      const outcome = await perform(refundry, request, reply, credential.merchantId, action, null);
      return credentialView(present(outcome.credential));
    },
  });
}
