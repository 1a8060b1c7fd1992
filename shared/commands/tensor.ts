import * as z from 'zod/mini';

import { command, type Progress } from '#shared/commands/command.ts';
import type { Profile } from '#shared/profile.ts';
import type { SingularValues } from '#shared/singular-values.ts';
import type { Histogram, TensorSummary } from '#shared/statistics.ts';

/** A value as shown: exact integers, texts, complex as [re, im]; datetimes as ISO text. */
export type TensorValue = number | bigint | string | boolean | readonly [number, number];

export interface TensorValues {
  /** Of the slice. */
  readonly shape: readonly number[];
  readonly dtype: string;
  /** C order. */
  readonly values: readonly TensorValue[];
  /** Where the slice starts and steps in the tensor, per axis; axes taken by a single index are marked. */
  readonly axes: readonly { readonly start: number; readonly step: number; readonly isDropped: boolean }[];
}

/** A two-dimensional picture of a slice; several elements share a cell where the slice is larger than the picture. */
export interface HeatMap {
  /** Cells. */
  readonly rows: number;
  readonly columns: number;
  /** Elements of the slice along the picture's axes. */
  readonly sliceRows: number;
  readonly sliceColumns: number;
  /** Mean of the finite values of each cell, row by row; NaN where there are none. */
  readonly mean: Float32Array;
  /** Of the finite values of each cell, where several elements share one. */
  readonly least?: Float32Array;
  readonly most?: Float32Array;
  /** Cells that hold a NaN (1), an infinity (2), both (3). */
  readonly flags: Uint8Array;
  /** Of the finite values of the whole slice. */
  readonly min?: number;
  readonly max?: number;
}

/** One pair of tensors on shared bins, and their difference A - B. */
export interface PairPicture {
  readonly a: Histogram;
  readonly b: Histogram;
  /** Absent where the shapes differ. */
  readonly difference?: Histogram;
  readonly heatMap?: HeatMap;
}

export interface HistogramUpdate extends Progress {
  /** A picture of one pass, in bins that are not exact yet: the result is the same one with exact counts. */
  readonly partial?: Histogram;
}

const file = z.string();
const name = z.string();
const bins = z.optional(z.int().check(z.gte(1), z.lte(65_536)));
const cells = z.optional(z.int().check(z.gte(1), z.lte(2048)));
/** Two axes of a tensor as a matrix. */
const plane = {
  /** The axes that become rows and columns; the last two unless told. A vector is one row. */
  rowAxis: z.optional(z.int()),
  columnAxis: z.optional(z.int()),
  /** Index along each other axis, by axis. */
  indices: z.optional(z.array(z.int())),
};
const range = z.optional(z.tuple([z.number(), z.number()]));

export const TENSOR_COMMANDS = {
  'tensor.summary': command<TensorSummary>()({ params: z.strictObject({ file, name }) }),
  'tensor.histogram': command<Histogram, HistogramUpdate>()({
    params: z.strictObject({
      file,
      name,
      bins,
      range,
      axis: z.optional(z.enum(['linear', 'symlog'])),
      /** From the 1st to the 99th percentile; what lies outside stands beside. A range goes before it. */
      isClipped: z.optional(z.boolean()),
      /** Tells a binned picture of a large tensor with the progress, before the exact counts are there. */
      isBinnedFirst: z.optional(z.boolean()),
    }),
    verb: {
      verb: 'hist',
      does: 'a histogram over every element',
      positionals: [
        { param: 'file', title: 'PATH', kind: 'path' },
        { param: 'name', title: 'NAME', kind: 'text' },
      ],
      options: [
        { flag: 'bins', param: 'bins', title: 'N', does: 'number of bins, 64 unless told', kind: 'integer' },
        {
          flag: 'range',
          param: 'range',
          title: 'A:B',
          does: 'from the finite minimum to the maximum unless told',
          kind: 'range',
        },
        { flag: 'csv', param: '', title: '', does: 'one line a bin: from, to, count', kind: 'print' },
      ],
    },
  }),
  'tensor.values': command<TensorValues>()({
    params: z.strictObject({
      file,
      name,
      /** NumPy-like, such as `0:4,:,-1`. */
      slice: z.optional(z.string()),
      /** One of the dtypes that the tensor offers, where its file does not say what it is. */
      as: z.optional(z.string()),
      /** Refuses slices with more elements. */
      most: z.optional(z.int().check(z.gte(1))),
    }),
    verb: {
      verb: 'show',
      does: 'values',
      positionals: [
        { param: 'file', title: 'PATH', kind: 'path' },
        { param: 'name', title: 'NAME', kind: 'text' },
      ],
      options: [
        { flag: 'slice', param: 'slice', title: '0:4,:', does: 'NumPy-like slices', kind: 'text' },
        {
          flag: 'as',
          param: 'as',
          title: 'DTYPE',
          does: 'what bytes without a dtype are read as',
          kind: 'text',
        },
      ],
    },
  }),
  'tensor.heat-map': command<HeatMap>()({
    params: z.strictObject({
      file,
      name,
      ...plane,
      /** The most cells along either side. */
      cells,
    }),
  }),
  'tensor.profile': command<Profile>()({
    params: z.strictObject({
      file,
      name,
      ...plane,
      /** The most cells along either side: more lines share them. */
      cells,
    }),
    verb: {
      verb: 'profile',
      does: 'what the rows and columns are like: norms, dead and constant ones',
      positionals: [
        { param: 'file', title: 'PATH', kind: 'path' },
        { param: 'name', title: 'NAME', kind: 'text' },
      ],
      options: [
        {
          flag: 'rows',
          param: 'rowAxis',
          title: 'AXIS',
          does: 'the axis of the rows, the last but one unless told',
          kind: 'integer',
        },
        {
          flag: 'columns',
          param: 'columnAxis',
          title: 'AXIS',
          does: 'the axis of the columns, the last unless told',
          kind: 'integer',
        },
        {
          flag: 'at',
          param: 'indices',
          title: '0,0,3,5',
          does: 'an index an axis; those of rows and columns have no say',
          kind: 'numbers',
        },
        {
          flag: 'cells',
          param: 'cells',
          title: 'N',
          does: 'the most entries a side, 512 unless told',
          kind: 'integer',
        },
        {
          flag: 'csv',
          param: '',
          title: '',
          does: 'one line a row and a column, or some of them',
          kind: 'print',
        },
      ],
    },
  }),
  'tensor.singular-values': command<SingularValues>()({ params: z.strictObject({ file, name, ...plane }) }),
  'tensor.pair': command<PairPicture>()({
    params: z.strictObject({
      a: z.strictObject({ file, name }),
      b: z.strictObject({ file, name }),
      isTransposed: z.optional(z.boolean()),
      bins,
      cells,
    }),
  }),
} as const;
