// Which release of PyTorch leaves which traces: torch/serialization.py, caffe2/serialize/versions.h.
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

export function streamDialect(isLittle: boolean, metadata: Metadata): string {
  return `PyTorch stream (before 1.6, or asked for since)${isLittle ? '' : ', big-endian'}${trainerOf(metadata)}`;
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
