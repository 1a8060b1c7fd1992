// PyTorch checkpoints: https://pytorch.org/docs/stable/notes/serialization.html, torch/serialization.py
import type { ByteSource } from '#main/bytes/source.ts';
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, Format } from '#main/formats/contract.ts';
import { startsWith, type FileInput } from '#main/formats/input.ts';
import { openShardSet } from '#main/formats/joined-shards.ts';
import { openDistributed } from '#main/formats/pytorch/distributed/distributed-checkpoint.ts';
import { findDistributed } from '#main/formats/pytorch/distributed/find-checkpoint.ts';
import { archivesInRow, openLonePart } from '#main/formats/pytorch/distributed/lone-part.ts';
import { bundledPrefix, openBundledProgram } from '#main/formats/pytorch/export/bundled-program.ts';
import { exportedPrefix, openExportedProgram } from '#main/formats/pytorch/export/exported-program.ts';
import { isMobileFile, openMobileFile } from '#main/formats/pytorch/mobile/mobile-file.ts';
import { earlyScriptPrefix, openEarlyScript } from '#main/formats/pytorch/script/early-script.ts';
import { openScriptFile, scriptPrefix } from '#main/formats/pytorch/script/script-file.ts';
import { openPackageFile, packagePrefix } from '#main/formats/pytorch/package-file.ts';
import { isStreamFile, openStreamFile } from '#main/formats/pytorch/stream-file.ts';
import { openTarFile, torchTar } from '#main/formats/pytorch/tar/tar-file.ts';
import { openTensorPickle, tensorPickle } from '#main/formats/pytorch/tensor-pickle.ts';
import { openZipFile, savedPrefix } from '#main/formats/pytorch/zip-file.ts';
import { isShardIndex, shardSetOf } from '#main/formats/shard-sets.ts';
import { AppError } from '#shared/errors.ts';

const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04] as const;

/** Whatever torch.save wrote (tensors, lists, dicts, state dicts, whole modules, training states), TorchScript, exported programs and distributed checkpoints. */
export const pytorch: Format = {
  name: 'pytorch',
  title: 'PyTorch',
  reads:
    'what `torch.save` writes, as zip, as the stream of before 1.6 and as the tar of before 0.1.10: every dtype, views, ties, quantised, sparse, nested and meta tensors, whole modules without their classes, Lightning checkpoints; TorchScript of every release and for mobile devices, as zip and as FlatBuffers, its code shown; tensors that `pickle` wrote itself; exported programs (`.pt2`); packages of code and objects (`torch.package`); distributed checkpoints as one, by their folder or any of their files; sharded sets as one',
  extensions: ['pt', 'pth', 'ckpt', 'bin', 'th', 'params', 'ptl', 'pt2', 'distcp', 'metadata'],
  claims: async (input) => {
    if (await findDistributed(input)) return true;
    if (input.kind === 'folder') return (await shardSetOf(input, 'pytorch')) !== undefined;
    if (await isShardIndex(input, 'pytorch')) return true;
    if (isStreamFile(input.head) || isMobileFile(input.head) || (await torchTar(input))) return true;
    if (!startsWith(input.head, ZIP_MAGIC)) return (await tensorPickle(input)) !== undefined;
    const zip = await readableZip(input);
    return zip ? archiveKind(zip) !== undefined : beginsWithPickle(input.head);
  },
  open: async (input) => {
    const distributed = await findDistributed(input);
    if (distributed) return openDistributed(distributed, input);
    const set = await shardSetOf(input, 'pytorch');
    if (set) return openShardSet(set, input, openFile);
    if (input.kind !== 'file') throw new AppError('internal', 'the folder has been recognised before');
    return openFile(input);
  },
};

async function openFile(input: FileInput): Promise<Checkpoint> {
  if (isStreamFile(input.head)) return openStreamFile(input.source);
  if (isMobileFile(input.head)) return openMobileFile(input.source);
  const tar = await torchTar(input);
  if (tar) return openTarFile(input, tar);
  const pickled = await tensorPickle(input);
  if (pickled) return openTensorPickle(input, pickled);
  const zip = await input.zip();
  const row = zip && (await archivesInRow(input, zip));
  if (row) return openLonePart(input, row);
  const kind = zip && archiveKind(zip);
  if (kind) return kind.open(input.source, zip, kind.prefix);
  throw new AppError('corrupt', 'the archive is cut short: the directory at its end is missing', {
    file: input.name,
    offset: input.source.byteLength,
    expected: 'a zip directory',
    found: 'the end of the file',
    hint: 'the file is cut short or damaged; fetch or save it again',
  });
}

interface ArchiveKind {
  /** The folder in the archive that everything of this kind is in, or undefined for archives of another one. */
  readonly prefixOf: (zip: ZipArchive) => string | undefined;
  readonly open: (source: ByteSource, zip: ZipArchive, prefix: string) => Promise<Checkpoint>;
}

/** No archive is of two kinds. */
const ARCHIVE_KINDS: readonly ArchiveKind[] = [
  // a package may hold an object of any name, one that another kind goes by included
  { prefixOf: packagePrefix, open: openPackageFile },
  { prefixOf: savedPrefix, open: openZipFile },
  { prefixOf: scriptPrefix, open: openScriptFile },
  { prefixOf: earlyScriptPrefix, open: openEarlyScript },
  { prefixOf: exportedPrefix, open: openExportedProgram },
  { prefixOf: bundledPrefix, open: openBundledProgram },
];

function archiveKind(zip: ZipArchive): (ArchiveKind & { readonly prefix: string }) | undefined {
  for (const kind of ARCHIVE_KINDS) {
    const prefix = kind.prefixOf(zip);
    if (prefix !== undefined) return { ...kind, prefix };
  }
  return undefined;
}

/** A damaged archive is nobody's by its directory. */
async function readableZip(input: FileInput): Promise<ZipArchive | undefined> {
  try {
    return await input.zip();
  } catch (error) {
    if (error instanceof AppError && error.code !== 'io') return undefined;
    throw error;
  }
}

/** Without a directory there is only the first entry to go by, which is the pickle. */
function beginsWithPickle(head: Uint8Array): boolean {
  const nameLength = head[26]! | (head[27]! << 8);
  const name = Buffer.from(head.subarray(30, 30 + nameLength)).toString('latin1');
  return name === 'data.pkl' || name.endsWith('/data.pkl');
}
