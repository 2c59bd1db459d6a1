/**
 * EduBrite's names on the wire. Sources: the partner's pages "API - Refund" (path, parameters, answers, codes 0, 0004,
 * 0005 and 0231), "Initialize API Connection" (connect.do, both cookies) and "API Response Codes" (the other codes).
 */

const SITE = '/oltpublish/site/';

/** Unknown paths below it are answered in EduBrite's shape. */
export const PREFIX = '/oltpublish/';

/** `home.do` is where the partner's Java client connects. */
export const CONNECT_PATHS: readonly string[] = [`${SITE}connect.do`, `${SITE}home.do`];
export const PAYMENT_PATHS: readonly string[] = [`${SITE}paymentTxnService.do`];
/** Ours: the partner publishes no way to end a session. */
export const SIGN_OUT_PATHS: readonly string[] = [`${SITE}logout.do`];

export const SESSION_ID = 'SESSION_ID';
export const SESSION_INFO = 'SESSION_INFO';
/** The user on whose behalf a call runs: a user name, or `name|email|fullname`. In lower case, as headers reach us. */
export const REAL_UNAME = 'real_uname';

export const INVOICE_NAMESPACE = 'edubrite.id';

export const CONTENT_TYPE = 'text/xml; charset=UTF-8';

/** The root's `code` attribute. */
export const SUCCESS = '0';
export const FAILURE = '-1';

/** Codes inside `<msg>`, by the names of the partner's list; 0005 and 0231 are on the refund page without one. */
export const MESSAGE = {
  success: '0',
  notFound: '0004',
  notAllowed: '0005',
  genericError: '0026',
  connectSuccessful: '0152',
  connectNotSuccessful: '0154',
  sessionNotValid: '0174',
  unsupportedOperation: '0210',
  invalidPath: '0220',
  notRefundable: '0231',
} as const;
export type MessageCode = (typeof MESSAGE)[keyof typeof MESSAGE];
