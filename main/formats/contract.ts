/** What a format is, and what opening a file gives: data, with no behaviour and no values. */
import type { FormatInput } from '#main/formats/input.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { Layout, Metadata, Problem } from '#shared/checkpoint.ts';
import type { Quantisation, SparseInfo } from '#shared/tensor.ts';

export interface Format {
  /** Canonical lower-case name: `pytorch`, `safetensors`. */
  readonly name: string;
  /** As people write it: "PyTorch". */
  readonly title: string;
  /** One line for the README's table and the file dialogs: what is read. */
  readonly reads: string;
  /** For dialogs and file associations only; detection never looks at names. Without the dot. */
  readonly extensions: readonly string[];
  /** Whether this input is ours, from its content. Never throws for content that is not ours. */
  claims(input: FormatInput): Promise<boolean>;
  /** Reads headers only. @throws AppError for structural faults; what can be lived with goes to `problems`. */
  open(input: FormatInput): Promise<Checkpoint>;
}

/** An opened checkpoint. Every number in it has been checked against the sources it refers to (`validate.ts`). */
export interface Checkpoint {
  readonly format: string;
  /** A sentence for the person: "PyTorch zip, written by torch 2.7 or newer". */
  readonly dialect: string;
  readonly layout: Layout;
  /** What the storages refer to by index; owned by the checkpoint, closed with it. */
  readonly sources: readonly ByteSource[];
  readonly tensors: readonly StoredTensor[];
  /** The format refuses files that name two tensors alike, so that nobody has to look again. */
  readonly hasDistinctNames?: true;
  /** Labelled byte ranges of the sources, for the byte map. */
  readonly regions: readonly Region[];
  /** What the pickles in the file would import. */
  readonly imports: readonly PickleImport[];
  /** What else in the file its framework would run; absent means nothing. */
  readonly code?: readonly CodePart[];
  readonly problems: readonly Problem[];
  readonly metadata: Metadata;
}

export interface StoredTensor {
  readonly name: string;
  readonly label?: string;
  /** Canonical dtype name. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly storage: Storage;
  readonly checksums?: readonly Checksum[];
  readonly quantisation?: Quantisation;
  readonly sparse?: SparseInfo;
  readonly offers?: readonly string[];
}

/** Where a tensor's values are. Offsets and lengths are bytes, strides elements. */
export type Storage =
  | DenseStorage
  | ChunkedStorage
  /** Values too small or too scattered to point at, already little-endian and in C order. */
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  /** Texts of a string tensor in C order. */
  | { readonly kind: 'strings'; readonly values: readonly (string | Uint8Array)[] }
  /** The file describes the tensor and holds no values. */
  | { readonly kind: 'none' };

export interface DenseStorage {
  readonly kind: 'dense';
  /** Index into the checkpoint's sources. */
  readonly source: number;
  /** Of the storage that the tensor is a view of; equal (source, offset, byteLength) means shared. */
  readonly offset: number;
  readonly byteLength: number;
  readonly byteOrder: 'little' | 'big';
  /** Elements into the storage where the tensor's first element is; 0 when absent. */
  readonly elementOffset?: number;
  /** Elements; absent means C order without gaps. */
  readonly strides?: readonly number[];
  /** Elements below a byte have one each instead of being packed. */
  readonly isUnpacked?: true;
  /** The complex values on disk are to be conjugated, or the values negated, when read. */
  readonly isConjugated?: true;
  readonly isNegated?: true;
}

/** Values in pieces, each packed on its own. Tensors that have the same object as storage share it. */
export interface ChunkedStorage {
  readonly kind: 'chunked';
  /** Of the whole that the chunks are pieces of; the tensor's own shape unless there is a view. */
  readonly shape: readonly number[];
  /**
   * In any order, none overlapping another; each is in C order of its own shape unless it has strides, and that shape may reach over the whole's far edges.
   * Where no chunk is, every element is the fill value.
   */
  readonly chunks: readonly Chunk[];
  /** One element as the chunks would hold it; zeros when absent. */
  readonly fill?: Uint8Array;
  /** Of the fill value and of the unpacked chunks. */
  readonly byteOrder: 'little' | 'big';
  /** Elements below a byte have one each; there are no other chunks of such elements. */
  readonly isUnpacked?: true;
  /** Absent means all of the whole. */
  readonly view?: ChunkedView;
}

/** Part of a whole: element (i0, i1, …) of the view is at `origin` plus, for each of its axes, i × step along an axis of the whole. */
export interface ChunkedView {
  /** Elements, one for each axis of the whole. */
  readonly origin: readonly number[];
  /** One for each axis of the view; no two on the same axis of the whole. */
  readonly axes: readonly { readonly axis: number; readonly step: number }[];
}

export interface Checksum {
  readonly algorithm: 'crc32' | 'crc32c' | 'crc32c-masked' | 'fletcher32' | 'adler32' | 'crc32-bzip2';
  readonly expected: number;
  readonly source: number;
  /** Bytes it is taken over, [begin, end) of the source as stored. */
  readonly begin: number;
  readonly end: number;
}

export interface Region {
  readonly source: number;
  readonly begin: number;
  readonly end: number;
  readonly label: string;
}

export interface PickleImport {
  readonly module: string;
  readonly name: string;
  /** Byte offset of the opcode in its stream. */
  readonly offset: number;
  /** Which pickle of the file: a zip member's name, or the file's own. */
  readonly stream: string;
}

/** Code, or something that makes the framework load code, outside of pickles. It is shown as text, never run. */
export interface CodePart {
  /** Kebab-case and stable, such as `lambda-layer`. */
  readonly kind: string;
  /** What it belongs to: a layer, a class. */
  readonly name: string;
  /** Which part of the file it is in: a zip member or an attribute. */
  readonly stream: string;
  /** As the file has it. */
  readonly text: string;
}

/** A tensor to be saved: canonical bytes (little-endian, C order) come window by window. */
export interface TensorToSave {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Canonical bytes [offset, offset + length) of the tensor's dense form. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}
