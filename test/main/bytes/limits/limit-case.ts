import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type * as Limits from '#main/bytes/limits.ts';
import { toldOf, type FileToOpen } from '#test/kit/told-of.ts';

export type LimitName = keyof typeof Limits;

/** A limit that a file is beyond once it is lowered, and by which words that is told. */
export interface LimitCase {
  readonly limit: LimitName;
  readonly lowered: number;
  /** What else has to be low for that limit to be met; it alone changes nothing. */
  readonly beside?: Readonly<Partial<Record<LimitName, number>>>;
  readonly told: () => Promise<readonly string[]>;
  readonly message: string;
}

/** A limit that is met by opening a file and reading its values. */
export function whenOpened(
  limit: LimitName,
  lowered: number,
  file: FileToOpen,
  message: string,
  beside: LimitCase['beside'] = {},
): LimitCase {
  return { limit, lowered, beside, told: () => toldOf(file), message };
}

export const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

export const fixture = (path: string): Uint8Array =>
  Uint8Array.from(readFileSync(fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url))));
