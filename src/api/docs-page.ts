/** The API's reference and its list of errors as HTML, made from the OpenAPI document and the error registry. */
import { ERRORS } from '../core/errors.ts';
import { curlOf, exampleAnswer, jsonBlock, SERVER_ADDRESS } from './docs-examples.ts';
import { escape, inline, layout, paragraphs, slug } from './docs-html.ts';
import { fieldList } from './docs-fields.ts';
import type { DocumentedOperation, OpenApi, ParameterObject } from './docs-model.ts';
import { ERROR_GUIDE } from './error-guide.ts';

interface Listed {
  readonly method: string;
  readonly path: string;
  readonly operation: DocumentedOperation;
}

/** The whole reference on one page, with `SERVER_ADDRESS` where the server's address belongs. */
export function referencePage(document: OpenApi): string {
  const listed = operationsOf(document);
  const sections = document.tags.map((tag) => ({
    tag,
    operations: listed.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const navigation = sections
    .map(
      ({ tag, operations }) =>
        `<a class="group" href="#${slug(tag.name)}">${escape(tag.name)}</a>${operations
          .map(({ operation }) => `<a href="#${operation.operationId}">${escape(operation.summary)}</a>`)
          .join('')}`,
    )
    .join('');
  const objects = Object.entries(document.components.schemas);
  const content = `
<div class="intro">${paragraphs(document.info.description)}
<p>For programs, the same is at <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p></div>
${firstSteps()}
${sections
  .map(
    ({ tag, operations }) =>
      `<section><h2 id="${slug(tag.name)}">${escape(tag.name)}</h2>${paragraphs(tag.description)}${operations
        .map((one) => operationBlock(document, one))
        .join('')}</section>`,
  )
  .join('')}
<section><h2 id="objects">Objects</h2>
${objects
  .map(
    ([name, schema]) => `<article id="object-${name}"><div class="text"><h3>${escape(name)}</h3>
${paragraphs(schema.description ?? '')}${fieldList(schema, false)}</div>
<div class="sample">${jsonBlock(name, schema.examples?.[0])}</div></article>`,
  )
  .join('')}</section>`;
  return layout(
    document.info.title,
    document.info.title,
    `<a class="group" href="#first-steps">First steps</a>${navigation}<a class="group" href="#objects">Objects</a>${objects
      .map(([name]) => `<a href="#object-${name}">${escape(name)}</a>`)
      .join('')}<a class="group" href="/docs/errors">Errors</a>`,
    content,
  );
}

function operationsOf({ paths }: OpenApi): Listed[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

function firstSteps(): string {
  const steps = `# 1. Who am I?
curl ${SERVER_ADDRESS}/v1/me -H "Authorization: Bearer $KEY"

# 2. Register a payment of 100.00 USD
curl ${SERVER_ADDRESS}/v1/payments \\
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{"amount":10000,"currency":"USD","references":{"native.reference":"order-1001"}}'

# 3. Refund 60.00 of it; run it twice: it happens once
curl ${SERVER_ADDRESS}/v1/refunds \\
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -H "Idempotency-Key: order-1001-return-1" \\
  -d '{"payment_reference":{"namespace":"native.reference","value":"order-1001"},"amount":6000}'`;
  return `<section><h2 id="first-steps">First steps</h2>
<p>With a merchant's key in <code>$KEY</code> (an administrator's key also sends <code>merchant_id</code>). In demo mode <code>rk_demo_merchant</code> is one: <code>export KEY=rk_demo_merchant</code>.</p>
<pre>${escape(steps)}</pre></section>`;
}

function operationBlock(document: OpenApi, { method, path, operation }: Listed): string {
  const accepted = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
  const answered = accepted?.[1].content?.['application/json'];
  const body = operation.requestBody?.content['application/json'];
  const inPath = operation.parameters?.filter((parameter) => parameter.in !== 'header') ?? [];
  const headers = operation.parameters?.filter((parameter) => parameter.in === 'header') ?? [];
  return `
<article id="${operation.operationId}"><div class="text">
<h3>${escape(operation.summary)}</h3>
<p class="route"><span class="method ${method.toLowerCase()}">${method}</span> <code>${escape(path)}</code></p>
${paragraphs(operation.description ?? '')}
${parameterList('Parameters', inPath)}
${parameterList('Headers', headers)}
${body === undefined ? '' : `<h4>Body</h4>${fieldList(body.schema, true)}`}
${accepted === undefined ? '' : `<h4>Answer</h4><p><code>${accepted[0]}</code> ${inline(accepted[1].description)} ${objectLinks(answered?.schema)}</p>`}
${refusalList(operation)}
</div><div class="sample">
<pre>${escape(curlOf(method, path, body?.example, headers.length > 0))}</pre>
${jsonBlock('Answer', answered?.example ?? exampleAnswer(document, answered?.schema))}
</div></article>`;
}

function parameterList(title: string, parameters: readonly ParameterObject[]): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    ({ name, required, description = '', schema }) =>
      `<dt><code>${escape(name)}</code>${required === true ? ' <b class="required">required</b>' : ''}</dt><dd>${inline(description)}${
        schema.enum === undefined
          ? ''
          : ` One of ${schema.enum.map((value) => `<code>${escape(String(value))}</code>`).join(', ')}.`
      }</dd>`,
  );
  return `<h4>${title}</h4><dl>${rows.join('')}</dl>`;
}

/** Links to the objects that an answer is made of. */
function objectLinks(schema: unknown): string {
  const names = new Set(
    [...JSON.stringify(schema ?? null).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name),
  );
  return [...names].map((name) => `<a href="#object-${name}">${name}</a>`).join(', ');
}

function refusalList({ responses }: DocumentedOperation): string {
  const refused = Object.entries(responses).filter(([status]) => !status.startsWith('2'));
  const rows = refused.map(
    ([status, { description }]) => `<dt><code>${status}</code></dt><dd>${inline(description, linkCode)}</dd>`,
  );
  return `<details><summary>Errors: ${refused.map(([status]) => status).join(', ')}</summary><dl>${rows.join('')}</dl></details>`;
}

const linkCode = (text: string): string =>
  ERRORS.some(({ code }) => code === text)
    ? `<a href="/docs/errors#${text}"><code>${text}</code></a>`
    : `<code>${text}</code>`;

/** Every error, in order of precedence. */
export function errorsPage(): string {
  const entries = ERRORS.map(({ code, status, title }) => {
    const { meaning, remedy } = ERROR_GUIDE[code];
    return `<article class="single" id="${code}"><div class="text"><h3><code>${code}</code></h3>
<p class="route"><span class="method">${status}</span> ${escape(title)}</p>
<p>${inline(meaning)}</p><p><b>What to do:</b> ${inline(remedy)}</p></div></article>`;
  });
  const content = `<div class="intro">
<p>Every refusal is a problem (RFC 9457, <code>application/problem+json</code>) with one of these codes. They are in order of precedence: when several rules refuse a request, the first of this list is what you hear. The numbers behind a refusal are fields of the answer, amounts in minor units; what concerns a payment has <code>captured</code>, <code>refunded</code>, <code>reserved</code> and <code>refundable</code>.</p></div>
${entries.join('')}`;
  const navigation = `<a class="group" href="/docs">API reference</a>${ERRORS.map(({ code }) => `<a href="#${code}">${code}</a>`).join('')}`;
  return layout('Refundry: errors', 'Errors', navigation, content);
}
