import * as z from 'zod/mini';

import type { FileId } from '#shared/bridge.ts';
import { command, type Progress } from '#shared/commands/command.ts';
import type { CheckpointSummary, Integrity, Problem } from '#shared/checkpoint.ts';
import type { Comparison, ComparisonRow, Histogram, Summary } from '#shared/statistics.ts';
import type { TensorInfo } from '#shared/tensor.ts';
import type { Xray } from '#shared/xray.ts';

export interface SummarizedTensor extends TensorInfo {
  /** Absent for tensors without data and for texts. */
  readonly summary?: Summary;
  /** Of the stored integers' real values, for quantised tensors. */
  readonly dequantised?: Summary;
  /** Of real numbers, from the finite minimum to the maximum, where `bins` asked for it. */
  readonly histogram?: Histogram;
  /** Of the canonical bytes: little-endian, C order. */
  readonly sha256?: string;
}

export interface SummarizedCheckpoint extends CheckpointSummary {
  readonly tensors: readonly SummarizedTensor[];
  /** Equal for equal names, dtypes, shapes and values in any container. */
  readonly contentDigest?: string;
  /** Whether `failOn` found what it looks for. */
  readonly isFound?: boolean;
  /** Where `verify` asked for it: its checksums were taken of the bytes that the statistics read. */
  readonly verification?: VerifiedCheckpoint;
}

export interface SummarizeUpdate extends Progress {
  /** Tensors finished since the last update. */
  readonly finished?: readonly SummarizedTensor[];
}

export interface CompareUpdate extends Progress {
  readonly rows?: readonly ComparisonRow[];
}

export interface VerifiedTensor {
  readonly name: string;
  readonly state: Integrity;
  /** Base name of the file that holds the values. */
  readonly file?: string;
  /** Bytes of the file as stored, [begin, end). */
  readonly range?: readonly [number, number];
}

export interface VerifiedCheckpoint {
  /** `failed` if anything failed, `verified` if every tensor is, else `not-recorded`. */
  readonly verdict: Integrity;
  readonly tensors: readonly VerifiedTensor[];
  readonly problems: readonly Problem[];
}

export interface VerifyUpdate extends Progress {
  readonly finished?: readonly VerifiedTensor[];
}

/** A tensor that holds NaNs or infinities. */
export interface NonFiniteTensor {
  readonly name: string;
  readonly elementCount: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Index of the first one in C order. */
  readonly at: readonly number[];
}

export interface NonFiniteFindings {
  /** Only those that hold any, in the order of the file. */
  readonly tensors: readonly NonFiniteTensor[];
  /** Tensors and elements looked through; those of integers and texts cannot hold any and are not read. */
  readonly searched: { readonly tensors: number; readonly elements: number };
  /** Tensors that could not be read. */
  readonly problems: readonly Problem[];
}

export interface FindNonFiniteUpdate extends Progress {
  /** Found since the last update. */
  readonly found?: readonly NonFiniteTensor[];
}

/** Tensors whose dtype, shape and every bit are the same. */
export interface DuplicateGroup {
  /** Two and more, in the order of the file. */
  readonly names: readonly string[];
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes of one of them. */
  readonly byteLength: number;
  /** Bytes that the file could do without: 0 where all share one storage. */
  readonly sparedBytes: number;
  /** Every element of each has the same bits. */
  readonly isConstant: boolean;
}

export interface DuplicateFindings {
  /** Those that cost most first. */
  readonly groups: readonly DuplicateGroup[];
  /** Of all groups together. */
  readonly sparedBytes: number;
  /** Tensors of the checkpoint, and how many of them were read, since another one has their dtype and shape. */
  readonly searched: { readonly tensors: number; readonly read: number };
  /** Tensors that could not be read. */
  readonly problems: readonly Problem[];
}

export interface SavedCheckpoint {
  /** Base name of the file written. */
  readonly written: string;
  readonly byteLength: number;
  readonly sha256: string;
  /** The file reopened and compared with what was to be saved. */
  readonly proof: Comparison;
}

export const FAIL_ON = ['nan', 'inf', 'zero', 'denormal'] as const;
export const SAVE_FORMATS = ['safetensors', 'npy', 'npz'] as const;

const tolerance = z.optional(z.tuple([z.number().check(z.gte(0)), z.number().check(z.gte(0))]));
const globs = z.optional(z.array(z.string()));

export const CHECKPOINT_COMMANDS = {
  'checkpoint.open': command<CheckpointSummary>()({
    params: z.strictObject({ file: z.string() }),
    verb: {
      verb: 'ls',
      does: 'lists the tensors of a file; reads no values',
      positionals: [{ param: 'file', title: 'PATH', kind: 'path', isRepeated: true }],
    },
  }),
  'checkpoint.close': command<void>()({ params: z.strictObject({ file: z.string() }) }),
  /** The files that a checkpoint's bytes lie in, those of its set and the index among them. */
  'checkpoint.parts': command<readonly FileId[]>()({ params: z.strictObject({ file: z.string() }) }),
  'checkpoint.summarize': command<SummarizedCheckpoint, SummarizeUpdate>()({
    params: z.strictObject({
      file: z.string(),
      globs,
      digest: z.optional(z.boolean()),
      /** Equally wide bins for a histogram of every tensor. */
      bins: z.optional(z.int().check(z.gte(1), z.lte(65_536))),
      /** Checks what the format records, in the same pass. */
      verify: z.optional(z.boolean()),
      quantiles: z.optional(z.array(z.number().check(z.gte(0), z.lte(1)))),
      failOn: z.optional(z.array(z.enum(FAIL_ON))),
    }),
    verb: {
      verb: 'stat',
      does: 'full statistics over every element',
      positionals: [
        { param: 'file', title: 'PATH', kind: 'path' },
        { param: 'globs', title: 'GLOB', kind: 'text', isOptional: true, isRepeated: true },
      ],
      options: [
        {
          flag: 'digest',
          param: 'digest',
          title: '',
          does: 'adds the SHA-256 of each tensor and of the content',
          kind: 'flag',
        },
        {
          flag: 'quantiles',
          param: 'quantiles',
          title: 'Q,…',
          does: 'probabilities from 0 to 1',
          kind: 'numbers',
        },
        {
          flag: 'fail-on',
          param: 'failOn',
          title: 'nan,inf,zero,denormal',
          does: 'exit 1 where any is found',
          kind: 'words',
        },
      ],
    },
  }),
  'checkpoint.compare': command<Comparison, CompareUpdate>()({
    params: z.strictObject({
      a: z.string(),
      b: z.string(),
      /** A's name to B's name. */
      map: z.optional(z.record(z.string(), z.string())),
      tolerance,
    }),
    verb: {
      verb: 'diff',
      does: 'compares the tensors of two checkpoints',
      positionals: [
        { param: 'a', title: 'A', kind: 'path' },
        { param: 'b', title: 'B', kind: 'path' },
      ],
      options: [
        {
          flag: 'map',
          param: 'map',
          title: 'FILE',
          does: 'a JSON object from names in A to names in B',
          kind: 'json',
        },
        {
          flag: 'tolerance',
          param: 'tolerance',
          title: 'ABS,REL',
          does: 'how far apart values may be',
          kind: 'numbers',
        },
      ],
    },
  }),
  'checkpoint.verify': command<VerifiedCheckpoint, VerifyUpdate>()({
    params: z.strictObject({ file: z.string() }),
    verb: {
      verb: 'verify',
      does: 'checks every checksum and length that the format records',
      positionals: [{ param: 'file', title: 'PATH', kind: 'path' }],
    },
  }),
  /** Works on any file: one that does not open as a checkpoint is searched for pickles all the same. */
  'checkpoint.xray': command<Xray>()({
    params: z.strictObject({ file: z.string() }),
    verb: {
      verb: 'xray',
      does: 'lists what a file would import, call or run; runs nothing',
      positionals: [{ param: 'file', title: 'PATH', kind: 'path' }],
    },
  }),
  /** Looks through every element of every tensor for NaNs and infinities. */
  'checkpoint.find-non-finite': command<NonFiniteFindings, FindNonFiniteUpdate>()({
    params: z.strictObject({ file: z.string() }),
  }),
  /** Finds tensors that are equal bit for bit; those that no other could be equal to are not read. */
  'checkpoint.find-duplicates': command<DuplicateFindings, Progress>()({
    params: z.strictObject({ file: z.string() }),
    verb: {
      verb: 'duplicates',
      does: 'finds tensors that are equal bit for bit, and what they cost',
      positionals: [{ param: 'file', title: 'PATH', kind: 'path' }],
    },
  }),
  /** Writes chosen tensors to a new file, reopens it and compares. */
  'checkpoint.save': command<SavedCheckpoint>()({
    params: z.strictObject({ file: z.string(), to: z.string(), format: z.enum(SAVE_FORMATS), globs }),
  }),
} as const;
