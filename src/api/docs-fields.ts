/** The fields of a schema as a list for people. */
import { escape, inline } from './docs-html.ts';
import { componentName, type SchemaObject } from './docs-model.ts';

/** `withRequired`: whether to say which fields must be sent; in answers, all that are listed are there. */
export function fieldList(schema: SchemaObject, withRequired: boolean): string {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return '';
  const rows = properties.map(([name, field]) => {
    const required =
      withRequired && schema.required?.includes(name) === true ? ' <b class="required">required</b>' : '';
    const inner = field.properties ?? field.items?.properties;
    const members =
      inner === undefined
        ? ''
        : `<details><summary>${Object.keys(inner).length} fields</summary>${fieldList(field.items ?? field, withRequired)}</details>`;
    const choices =
      field.enum === undefined
        ? ''
        : ` One of ${field.enum
            .filter((value) => value !== null)
            .map((value) => `<code>${escape(value)}</code>`)
            .join(', ')}.`;
    return `<dt><code>${escape(name)}</code> <span class="type">${typeName(field)}</span>${required}</dt><dd>${inline(field.description ?? '')}${choices}${members}</dd>`;
  });
  return `<dl>${rows.join('')}</dl>`;
}

function typeName(field: SchemaObject): string {
  const component = componentName(field);
  if (component !== null) return `<a href="#object-${component}">${component}</a>`;
  if (field.items !== undefined) return `list of ${typeName(field.items)}`;
  if (field.anyOf !== undefined) return field.anyOf.map(typeName).join(' or ');
  const types = typeof field.type === 'string' ? [field.type] : (field.type ?? ['any value']);
  const isMap = types.includes('object') && field.properties === undefined;
  return types
    .map((type) =>
      type === 'object' && isMap ? 'map' : type === 'string' && field.format !== undefined ? 'time' : type,
    )
    .join(' or ');
}
