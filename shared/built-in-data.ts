/** Whether data come with the app: what else a source names is a file. */
export function isBuiltIn(source: string): source is 'random' | 'mnist' {
  return source === 'random' || source === 'mnist';
}
