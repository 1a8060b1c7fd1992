import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { startsWith, type FormatInput } from '#main/formats/input.ts';

const METADATA = '.metadata';
/** Of the files that hold the values. */
export const PART_EXTENSION = '.distcp';
const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04] as const;
/** The class stands at the very beginning of the pickle. */
const MARK = 'torch.distributed.checkpoint.metadata';
const MARK_BYTES = 128;

/** The parts of a distributed checkpoint from whichever of them was opened. */
export interface FoundCheckpoint {
  /** Absent where a lone file is not in a folder that we may look into. */
  readonly folder: Folder | undefined;
  /** Opens the metadata: the input's own source where that is what was opened. */
  readonly openMetadata: () => Promise<ByteSource>;
}

/**
 * A folder with metadata, the metadata themselves whatever their name, or a file of data with metadata beside it.
 * @returns undefined for other inputs.
 */
export async function findDistributed(input: FormatInput): Promise<FoundCheckpoint | undefined> {
  const { folder } = input;
  if (input.kind === 'file') {
    const { source } = input;
    if (isMetadata(input.head)) return { folder, openMetadata: async () => source };
    if (!input.name.endsWith(PART_EXTENSION) || !startsWith(input.head, ZIP_MAGIC)) return undefined;
  }
  if (!folder || !(await folder.has(METADATA))) return undefined;
  const source = await openWithin(folder, METADATA);
  try {
    const head = await source.read(0, Math.min(source.byteLength, MARK_BYTES));
    return isMetadata(head) ? { folder, openMetadata: () => openWithin(folder, METADATA) } : undefined;
  } finally {
    await source.close();
  }
}

function isMetadata(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, MARK_BYTES)).toString('latin1');
  // protocol 2 and later; protocol 0 and 1 begin with the class itself
  return (head[0] === 0x80 || text.startsWith('c')) && text.includes(MARK);
}
