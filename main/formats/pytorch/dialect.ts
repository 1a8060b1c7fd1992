// Which release of PyTorch leaves which traces: torch/serialization.py, caffe2/serialize/versions.h.
import type { Json } from '#main/encodings/json/json-tree.ts';
import type { Metadata } from '#shared/checkpoint.ts';

/** A sentence about a zip file and the release that likely wrote it. */
export function zipDialect(
  records: ReadonlyMap<string, string>,
  byteOrder: 'little' | 'big',
  metadata: Metadata,
): string {
  const order = byteOrder === 'big' ? ', big-endian' : '';
  return `PyTorch zip, written by torch ${releaseOf(records)}${order}${trainerOf(metadata)}`;
}

/** A sentence about a TorchScript program since 1.4. */
export function scriptDialect(records: ReadonlyMap<string, string>, isMobile: boolean): string {
  const version = records.get('version') ?? records.get('.data/version') ?? '3';
  const isMarked = records.has('byteorder') || records.has('.data/serialization_id');
  const release = isMarked ? '2.1 or newer' : (EARLY_VERSIONS.get(version) ?? '1.6 to 2.0');
  return `TorchScript ${isMobile ? 'for mobile devices (lite interpreter)' : 'program'}, written by torch ${release}`;
}

/** A sentence about a program in FlatBuffers, from the version of its mobile code. */
export function flatDialect(bytecodeVersion: number): string {
  return `TorchScript for mobile devices (lite interpreter) as FlatBuffers, bytecode version ${bytecodeVersion}, written by torch 1.12 or newer`;
}

/** Releases by the version of the file that they alone wrote. */
const EARLY_VERSIONS: ReadonlyMap<string, string> = new Map([
  ['1', '1.4'],
  ['2', '1.5'],
]);

/** A sentence about a TorchScript program of 1.0 to 1.3, from the version of the model's description. */
export function earlyScriptDialect(version: Json | undefined): string {
  return `TorchScript program of the first generation, written by torch ${version === '1' ? '1.0' : '1.1 to 1.3'}`;
}

/**
 * A sentence about an exported program.
 * @param header what the program says of itself.
 * @param releases that write its archive, for programs that do not tell.
 */
export function exportDialect(header: Metadata, releases: string): string {
  const stated = header['torch_version'];
  return `PyTorch exported program (torch.export), written by torch ${typeof stated === 'string' ? stated : releases}`;
}

/**
 * A sentence about a distributed checkpoint.
 * @param records of one of its parts, where any could be read.
 */
export function distributedDialect(files: number, records: ReadonlyMap<string, string> | undefined): string {
  const writer = records ? `, written by torch ${releaseOf(records)}` : '';
  return `PyTorch distributed checkpoint (DCP) in ${files} ${files === 1 ? 'file' : 'files'}${writer}`;
}

/**
 * A sentence about one file of a distributed checkpoint.
 * @param records of one of its archives, where any could be read.
 */
export function lonePartDialect(archives: number, records: ReadonlyMap<string, string> | undefined): string {
  const writer = records ? `, written by torch ${releaseOf(records)}` : '';
  return `one file of a PyTorch distributed checkpoint (DCP), ${archives} ${archives === 1 ? 'value' : 'values'} without names${writer}`;
}

export function streamDialect(isLittle: boolean, metadata: Metadata): string {
  return `PyTorch stream (before 1.6, or asked for since)${isLittle ? '' : ', big-endian'}${trainerOf(metadata)}`;
}

export function tarDialect(isLittle: boolean): string {
  return `PyTorch tar, written by torch before 0.1.10${isLittle ? '' : ', big-endian'}`;
}

function releaseOf(records: ReadonlyMap<string, string>): string {
  if (records.has('.format_version') || records.has('.storage_alignment')) return '2.7 or newer';
  if (records.has('byteorder') || records.has('.data/serialization_id')) return '2.1 to 2.6';
  return '1.6 to 2.0';
}

function trainerOf(metadata: Metadata): string {
  const version = metadata['pytorch-lightning_version'];
  return typeof version === 'string' ? `; checkpoint of Lightning ${version}` : '';
}
