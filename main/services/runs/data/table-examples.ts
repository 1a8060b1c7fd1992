import type { Hash } from 'node:crypto';
import { basename } from 'node:path';

import { CSV_LINE_CHARACTERS, DATA_SET_BYTES } from '#main/bytes/limits.ts';
import { labelColumn } from '#main/services/runs/data/label-column.ts';
import { readNumberTable } from '#main/services/runs/data/number-table.ts';
import { dataChunks } from '#main/services/runs/data/data-bytes.ts';
import type { Examples } from '#main/trainer/dataset.ts';
import type { RunConfig } from '#shared/run.ts';
import { AppError } from '#shared/errors.ts';

/** A table as text: inputs first, then the class, by number or name, or, for regression, the values to come out. */
export async function tableExamples(path: string, config: RunConfig, hash: Hash): Promise<Examples> {
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of dataChunks(path)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const name = basename(path);
  const limits = { numbers: DATA_SET_BYTES / 4, lineLength: CSV_LINE_CHARACTERS };
  const labels = config.loss === 'mse' ? undefined : labelColumn(name);
  const { columns, values, classes } = await readNumberTable(hashed(), name, limits, labels);
  return { ...splitTable(values, columns, config, name), ...(classes ? { classes } : {}) };
}

/**
 * The examples in a table of numbers, a row each.
 * @param values rows x columns.
 * @throws AppError `invalid-params` where there are too few columns.
 */
export function splitTable(values: Float32Array, columns: number, config: RunConfig, name: string): Examples {
  const targetWidth = config.loss === 'mse' ? config.layers[config.layers.length - 1]! : 1;
  const width = columns - targetWidth;
  if (values.length === 0) throw new AppError('corrupt', 'the file holds no examples', { file: name });
  if (width < 1) {
    throw new AppError('invalid-params', 'the table has too few columns', {
      file: name,
      expected: `inputs and ${targetWidth === 1 ? 'one column' : `${targetWidth} columns`} of what is to come out`,
      found: `${columns} in all`,
    });
  }
  const count = values.length / columns;
  const inputs = new Float32Array(count * width);
  const targets = new Float32Array(count * targetWidth);
  for (let row = 0; row < count; row++) {
    const from = row * columns;
    inputs.set(values.subarray(from, from + width), row * width);
    targets.set(values.subarray(from + width, from + columns), row * targetWidth);
  }
  return { name, count, width, inputs, targetWidth, targets };
}
