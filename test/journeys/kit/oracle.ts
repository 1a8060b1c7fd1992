import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ORACLES } from '#test/journeys/kit/places.ts';
import type { OracleTensor, Oracles } from '#test/kit/shared-files.ts';

const { files } = JSON.parse(readFileSync(join(ORACLES, 'expected.json'), 'utf8')) as Oracles;

export interface ExpectedFile {
  /** Everything that belongs to it, absolute; the first is the one listed. */
  readonly paths: readonly string[];
  readonly tensors: Readonly<Record<string, OracleTensor>>;
}

/** What the framework that wrote a file had in memory. @param path below the oracles */
export function expectedOf(path: string): ExpectedFile {
  const file = files[path];
  if (!file) throw new Error(`no oracle for ${path}`);
  return { paths: [path, ...(file.parts ?? [])].map((part) => join(ORACLES, part)), tensors: file.tensors };
}
