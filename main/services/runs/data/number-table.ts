// Comma-separated values: RFC 4180, with semicolons and tabs as they are met in the wild.
import { Readable } from 'node:stream';
import { parse, type CsvError } from 'csv-parse';

import type { LabelColumn } from '#main/services/runs/data/label-column.ts';
import { isNumber } from '#main/services/runs/data/number-cell.ts';
import { AppError } from '#shared/errors.ts';

/** A table of numbers, row after row. */
export interface NumberTable {
  readonly columns: number;
  /** What the numbers of the last column stand for, where that has names. */
  readonly classes?: readonly string[];
  readonly values: Float32Array; // rows x columns
}

export interface CsvLimits {
  /** Numbers in all. */
  readonly numbers: number;
  /** Characters of one line. */
  readonly lineLength: number;
}

/**
 * Reads a table of numbers as it streams in. A first line with a cell that is no number is a heading; one whose label
 * alone is no number is a heading where all other labels are numbers.
 * @param chunks the file's bytes in UTF-8; the first has the whole first line, or much of it.
 * @param file base name, for messages.
 * @param labels takes the last column, which then may have names.
 * @throws AppError `corrupt` with line and column where rows are ragged or a cell is no number, `limit`.
 */
export async function readNumberTable(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  limits: CsvLimits,
  labels?: LabelColumn,
): Promise<NumberTable> {
  const table = tableOf(file, limits, labels);
  const { first, all } = await peek(chunks);
  const parser = parse({
    delimiter: delimiterOf(first),
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    info: true,
    max_record_size: limits.lineLength,
  });
  const source = Readable.from(all, { objectMode: false });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<Row>) table.add(record, info.lines);
  } catch (error) {
    throw named(error, file, limits);
  } finally {
    source.destroy();
  }
  return table.end();
}

interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** The first chunk, and all of them with it. */
async function peek(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  const head = await iterator.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let next = head; !next.done; next = await iterator.next()) yield next.value;
  }
  return { first: head.done ? new Uint8Array(0) : head.value, all: all() };
}

/** What separates the cells of the first line. */
function delimiterOf(chunk: Uint8Array): string {
  const [line = ''] = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    .toString('latin1')
    .split('\n', 1);
  return ['\t', ';'].find((delimiter) => line.includes(delimiter)) ?? ',';
}

function tableOf(file: string, limits: CsvLimits, labels: LabelColumn | undefined) {
  let values = new Float32Array(1024);
  let used = 0;
  let columns = 0;
  let isFirst = true;

  function add(record: readonly string[], line: number): void {
    const numbers = labels ? record.slice(0, -1) : record;
    const isHeading = isFirst && numbers.some((cell) => !isNumber(cell));
    if (isFirst) columns = record.length;
    isFirst = false;
    if (record.length !== columns) {
      throw new AppError('corrupt', `the rows are ragged: line ${line} has another number of columns`, {
        file,
        expected: `${columns} columns`,
        found: String(record.length),
      });
    }
    if (isHeading) return;
    if (used + columns > limits.numbers) throw tooMany(file, limits);
    if (used + columns > values.length) values = grown(values, used, used + columns);
    numbers.forEach((cell, column) => {
      if (!isNumber(cell)) throw noNumber(cell, line, column, file);
      values[used++] = Number(cell);
    });
    if (labels) values[used++] = labels.add(record[columns - 1]!, line);
  }

  return {
    add,
    end: (): NumberTable => {
      if (!labels) return { columns, values: values.slice(0, used) };
      const rows = values.slice(labels.isHeadingFirst() ? columns : 0, used);
      const { classes, classOf } = labels.end();
      for (let end = columns; end > 0 && end <= rows.length; end += columns) {
        rows[end - 1] = classOf(rows[end - 1]!);
      }
      return { columns, values: rows, ...(classes ? { classes } : {}) };
    },
  };
}

function grown(values: Float32Array, used: number, needed: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(Math.max(needed, 2 * values.length));
  larger.set(values.subarray(0, used));
  return larger;
}

function noNumber(cell: string, line: number, column: number, file: string): AppError {
  return new AppError('corrupt', `a cell is no number: line ${line}, column ${column + 1}`, {
    file,
    expected: 'a number such as -1.5 or 3e-4',
    found: cell === '' ? 'nothing' : JSON.stringify(cell.slice(0, 40)),
    ...(/^[+-]?\d+,\d+$/.test(cell) ? { hint: 'decimals are written with a point' } : {}),
  });
}

function tooMany(file: string, { numbers }: CsvLimits): AppError {
  return new AppError('limit', 'the data are too many to hold in memory', {
    file,
    expected: `at most ${numbers} numbers`,
    found: 'more',
  });
}

function named(error: unknown, file: string, limits: CsvLimits): unknown {
  const { code, message } = error as CsvError;
  if (!code?.startsWith('CSV_')) return error;
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return new AppError('limit', 'a line is too long', {
      file,
      expected: `at most ${limits.lineLength} characters`,
      found: 'more',
    });
  }
  return new AppError(
    'corrupt',
    'the file is no table of comma-separated values',
    { file, found: message },
    error,
  );
}
