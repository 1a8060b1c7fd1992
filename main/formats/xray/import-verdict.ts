import { isPlainGlobal } from '#main/encodings/pickle/plain-globals.ts';
import { dangerOf } from '#main/formats/xray/dangerous-globals.ts';
import { isFrameworkClass, isFrameworkName } from '#main/formats/xray/framework-globals.ts';
import type { ImportVerdict } from '#shared/xray.ts';

export interface JudgedName {
  readonly verdict: ImportVerdict;
  /** Why, where it is dangerous or cannot be known. */
  readonly reason?: string;
}

/**
 * What is known of a name that a pickle imports. Never that it is safe: a class that is known may still do more than hold data,
 * and what is not known may be anything.
 */
export function judgeName(module: string, name: string): JudgedName {
  if (isPlainGlobal(module, name)) return { verdict: 'data' };
  if (isFrameworkName(module, name)) return { verdict: 'framework' };
  const danger = dangerOf(module, name);
  if (danger !== undefined) return { verdict: 'dangerous', reason: danger };
  if (isFrameworkClass(module, name)) return { verdict: 'framework' };
  if (module === 'copyreg' && name.startsWith('extension ')) {
    return {
      verdict: 'unknown',
      reason: 'the program that reads the file decides what this number stands for',
    };
  }
  return { verdict: 'unknown' };
}
