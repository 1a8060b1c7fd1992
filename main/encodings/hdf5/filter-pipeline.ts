// HDF5 File Format Specification 4.0, IV.A.2.l "The Data Storage - Filter Pipeline Message", versions 1 and 2.
import type { Filter } from '#main/encodings/filters/filters.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

/** A step of a pipeline as the file describes it. */
export interface PipelineStep {
  /** Number in the HDF Group's registry. */
  readonly id: number;
  /** As the file has it; '' where it has none. */
  readonly name: string;
  readonly parameters: readonly number[];
}

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
const NBIT = 5;
const SCALE_OFFSET = 6;
const BZIP2 = 307;
const LZF = 32000;
const ZSTANDARD = 32015;

/** Registered filters that are known by name only: https://github.com/HDFGroup/hdf5_plugins and the registry beside it. */
const KNOWN_NAMES: ReadonlyMap<number, string> = new Map([
  [4, 'szip'],
  [305, 'LZO'],
  [32001, 'blosc'],
  [32003, 'mafisc'],
  [32004, 'lz4'],
  [32005, 'APAX'],
  [32006, 'cbf'],
  [32007, 'JPEG XR'],
  [32008, 'bitshuffle'],
  [32009, 'SPDP'],
  [32010, 'LPC-Rice'],
  [32011, 'ccsds-123'],
  [32012, 'JPEG-LS'],
  [32013, 'zfp'],
  [32014, 'fpzip'],
  [32016, 'B³D'],
  [32017, 'SZ'],
  [32018, 'FCIDECOMP'],
  [32019, 'JPEG'],
  [32020, 'VBZ'],
  [32021, 'FAPEC'],
  [32022, 'BitGroom'],
  [32023, 'Granular BitRound'],
  [32024, 'SZ3'],
  [32026, 'blosc2'],
  [32028, 'SPERR'],
]);

/** @returns the steps in the order they were applied in. @throws AppError `unsupported` for a version that is not known. */
export function parsePipeline(fields: Fields): PipelineStep[] {
  const version = fields.u8();
  if (version !== 1 && version !== 2) {
    throw new AppError('unsupported', `filter pipelines of version ${version} are not known`, {
      offset: fields.base,
    });
  }
  const count = fields.u8();
  if (version === 1) fields.skip(6);
  return Array.from({ length: count }, () => {
    const id = fields.u16();
    const nameLength = version === 1 || id >= 256 ? fields.u16() : 0;
    // whether a chunk may go without it
    fields.skip(2);
    const valueCount = fields.u16();
    const nameBytes = fields.bytes(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    const end = nameBytes.indexOf(0);
    const name = Buffer.from(nameBytes.subarray(0, end < 0 ? undefined : end)).toString('utf8');
    const parameters = Array.from({ length: valueCount }, () => fields.u32());
    if (version === 1 && valueCount % 2 === 1) fields.skip(Math.min(4, fields.remaining()));
    return { id, name, parameters };
  });
}

/** A filter as people call it. */
export function filterName({ id, name }: PipelineStep): string {
  const known = KNOWN_NAMES.get(id) ?? (name === '' ? undefined : name);
  return known === undefined ? `filter ${id}` : `${known} (filter ${id})`;
}

/** @returns undefined for a filter that is not read. */
export function filterOf({ id, parameters }: PipelineStep, elementBytes: number): Filter | undefined {
  switch (id) {
    case DEFLATE:
      return { kind: 'zlib' };
    case SHUFFLE:
      return { kind: 'shuffle', elementBytes: Math.max(1, parameters[0] ?? elementBytes) };
    case FLETCHER32:
      return { kind: 'fletcher32' };
    case NBIT:
      return { kind: 'nbit', parameters };
    case SCALE_OFFSET:
      return { kind: 'scale-offset', parameters };
    case BZIP2:
      return { kind: 'bzip2' };
    case LZF:
      return { kind: 'lzf' };
    case ZSTANDARD:
      return { kind: 'zstd' };
    default:
      return undefined;
  }
}

/**
 * @param elementBytes bytes of an element, for steps that do not say it.
 * @throws AppError `unsupported` with the names of the filters that are not read.
 */
export function requireFilters(steps: readonly PipelineStep[], elementBytes: number): Filter[] {
  const unknown = steps.filter((step) => filterOf(step, elementBytes) === undefined);
  if (unknown.length > 0) {
    const names = unknown.map(filterName).join(' and ');
    throw new AppError('unsupported', `the values are packed with ${names}, which is not read`, {
      found: names,
      hint: 'where the filter is installed, "h5repack -f GZIP=6 in.h5 out.h5" packs the values anew',
    });
  }
  return steps.map((step) => filterOf(step, elementBytes)!);
}
