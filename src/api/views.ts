/** Payments, refunds and all the rest as plain JSON: what the API answers with, and what the CLI may print. */
export * from './account-views.ts';
export { exact, exactJson } from './exact-json.ts';
export * from './journal-views.ts';
export * from './payment-views.ts';
