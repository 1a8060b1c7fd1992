import { pagedSource } from '#main/bytes/paged-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { placedEntries, type PlacedBlock } from '#main/encodings/sorted-table/placed-entries.ts';
import type { SortedTable } from '#main/encodings/sorted-table/sorted-table.ts';
import type { Region } from '#main/formats/contract.ts';
import {
  readMeta,
  readSlice,
  sliceName,
  type SavedTensor,
  type StoredSlice,
} from '#main/formats/tensorflow/saved-slices.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** One table of a checkpoint. */
export interface SlicePart {
  readonly source: ByteSource;
  readonly table: SortedTable;
}

export interface PartsContent {
  /** By name; what several parts have slices of stands once, with all of them. */
  readonly tensors: ReadonlyMap<string, SavedTensor>;
  readonly slices: ReadonlyMap<string, StoredSlice>;
  readonly regions: readonly Region[];
}

/** Messages lie between values, a few dozen bytes each. */
const PAGING = { pageBytes: 16 * 1024, pages: 64 } as const;

/** Reads what every part lists and where its values are. @throws AppError `corrupt` for a table that cannot be read. */
export async function readParts(parts: readonly SlicePart[], problems: Problem[]): Promise<PartsContent> {
  const tensors = new Map<string, SavedTensor>();
  const slices = new Map<string, StoredSlice>();
  const regions: Region[] = [];
  for (const [at, part] of parts.entries()) {
    const blocks = await readPart(part, tensors, slices);
    for (const { begin, end, isIntact } of blocks) {
      regions.push({ source: at, begin, end, label: 'names and values' });
      if (isIntact === false) problems.push(damagedBlock(part, begin, end, parts.length > 1));
    }
    const { offset, byteLength } = part.table.indexBlock;
    regions.push({ source: at, begin: offset, end: offset + byteLength, label: 'index of the blocks' });
    regions.push({ source: at, begin: part.table.footer, end: part.source.byteLength, label: 'footer' });
  }
  return { tensors, slices, regions };
}

async function readPart(
  { source, table }: SlicePart,
  tensors: Map<string, SavedTensor>,
  slices: Map<string, StoredSlice>,
): Promise<ReadonlySet<PlacedBlock>> {
  const blocks = new Set<PlacedBlock>();
  const paged = pagedSource(source, PAGING);
  let isFirst = true;
  for await (const entry of placedEntries(table, paged)) {
    blocks.add(entry.block);
    if (isFirst) {
      if (entry.key.byteLength > 0)
        throw new AppError('corrupt', 'the table does not begin with its list of tensors', {
          file: source.name,
          offset: entry.offset,
        });
      for (const tensor of await readMeta(entry)) {
        const known = tensors.get(tensor.name);
        tensors.set(tensor.name, known ? { ...known, slices: [...known.slices, ...tensor.slices] } : tensor);
      }
    } else {
      const slice = await readSlice(entry);
      if (slice)
        slices.set(sliceName(slice.name, slice.extents), { ...slice, file: source, block: entry.block });
    }
    isFirst = false;
  }
  return blocks;
}

/** What is in the block may be wrong, names and shapes included; verifying the tensors tells which these are. */
function damagedBlock({ source }: SlicePart, begin: number, end: number, isOneOfMany: boolean): Problem {
  const where = isOneOfMany ? ` of ${source.name}` : '';
  return {
    code: 'crc-mismatch',
    message: `bytes ${begin} to ${end}${where} do not match their checksum; names and shapes may be wrong`,
    offset: begin,
  };
}
