import type { RunConfig } from '#shared/run.ts';

/** Dotted names of the fields in which two configurations differ. */
export function configDifference(a: RunConfig, b: RunConfig): readonly string[] {
  return differing(a, b, '');
}

function differing(a: unknown, b: unknown, name: string): readonly string[] {
  if (!isRecord(a) || !isRecord(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [name];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differing(a[key], b[key], name === '' ? key : `${name}.${key}`));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
