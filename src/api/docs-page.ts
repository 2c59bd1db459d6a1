export function referencePage(_d: unknown): string {
  return '';
}
export function errorsPage(): string {
  return '';
}
