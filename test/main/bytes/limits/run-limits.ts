import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { labelColumn } from '#main/services/runs/data/label-column.ts';
import { tableExamples } from '#main/services/runs/data/table-examples.ts';
import { readHistory, readManifest } from '#main/services/runs/run-folder.ts';
import { runPlace, type RunPlace } from '#main/services/runs/run-place.ts';
import { profileGrid } from '#main/services/tasks/profile.ts';
import { requireSpectrum } from '#main/services/tasks/singular-values.ts';
import type { RunConfig } from '#shared/run.ts';
import { refusalOf } from '#test/kit/told-of.ts';
import type { LimitCase } from '#test/main/bytes/limits/limit-case.ts';

/** A folder of its own with one file, for as long as an act takes. */
async function withFile<Result>(
  name: string,
  content: string,
  act: (path: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'limits-'));
  writeFileSync(join(folder, name), content);
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const toldOfRun = (name: string, content: string, read: (place: RunPlace) => Promise<unknown>) => () =>
  withFile(name, content, (folder) => refusalOf(() => read(runPlace(folder))));

const toldOfTable = () =>
  withFile('table.csv', `${'1.25,2.75\n'.repeat(3)}`, (folder) =>
    refusalOf(() =>
      tableExamples(
        join(folder, 'table.csv'),
        { loss: 'mse', layers: [1, 1] } as unknown as RunConfig,
        createHash('sha256'),
      ),
    ),
  );

const toldOfLabels = () =>
  refusalOf(() => {
    const column = labelColumn('table.csv');
    for (const [row, label] of ['ant', 'bee', 'cat'].entries()) column.add(label, row + 1);
    column.end();
  });

/** What training reads of its own, and what is computed of values. */
export const RUN_LIMITS: readonly LimitCase[] = [
  {
    limit: 'DATA_SET_BYTES',
    lowered: 10,
    told: toldOfTable,
    message: 'the data are too many to hold in memory',
  },
  { limit: 'CSV_LINE_CHARACTERS', lowered: 5, told: toldOfTable, message: 'a line is too long' },
  {
    limit: 'DISTINCT_LABELS',
    lowered: 2,
    told: toldOfLabels,
    message: 'there are too many different labels',
  },
  { limit: 'CLASS_NAMES', lowered: 2, told: toldOfLabels, message: 'there are too many different labels' },
  {
    limit: 'CLASS_NAME_CHARACTERS',
    lowered: 2,
    told: toldOfLabels,
    message: 'the name of a class is too long: line 1',
  },
  {
    limit: 'RUN_LOG_BYTES',
    lowered: 10,
    told: toldOfRun('run.jsonl', `${' '.repeat(20)}\n`, readHistory),
    message: 'the file is too long for what it should be',
  },
  {
    limit: 'RUN_MANIFEST_BYTES',
    lowered: 10,
    told: toldOfRun('run.json', '{"id": "an id and nothing else"}', readManifest),
    message: 'the file is too long for what it should be',
  },
  {
    limit: 'PROFILE_LINES',
    lowered: 100,
    told: () => refusalOf(() => profileGrid('w', [101, 100_000])),
    message: 'the slice has too many rows and too many columns for profiles',
  },
  {
    limit: 'SPECTRUM_SIDE',
    lowered: 10,
    told: () => refusalOf(() => requireSpectrum({ name: 'w', dtype: 'f32' }, [11, 12])),
    message: 'the matrix is too large for its singular values',
  },
  {
    limit: 'SPECTRUM_ELEMENTS',
    lowered: 100,
    told: () => refusalOf(() => requireSpectrum({ name: 'w', dtype: 'f32' }, [1, 101])),
    message: 'the matrix is too large for its singular values',
  },
];
