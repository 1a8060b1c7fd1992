import { TORCHSCRIPT_DEBUG_BYTES } from '#main/bytes/limits.ts';
import type { ZipEntry } from '#main/encodings/zip/zip.ts';
import type { PickleImport } from '#main/formats/contract.ts';
import { readMemberPickle, type TorchArchive } from '#main/formats/pytorch/archive.ts';
import { isAppError } from '#shared/errors.ts';

/** Beside the code since 1.4, in a folder before. */
const DEBUG = /^(code\/.*\.debug_pkl|debug\/.*\.pkl)$/s;

/** What the pickles import that tell lines of code from each other. Damage to them is told and does no more harm. */
export async function debugImports(archive: TorchArchive): Promise<readonly PickleImport[]> {
  const { zip, prefix, problems } = archive;
  const found: PickleImport[] = [];
  let left = TORCHSCRIPT_DEBUG_BYTES;
  for (const entry of zip.entries) {
    if (!entry.name.startsWith(prefix) || !DEBUG.test(entry.name.slice(prefix.length))) continue;
    left -= entry.byteLength;
    if (left < 0) {
      problems.push({ code: 'imports-cut', message: `what ${entry.name} imports is not looked at` });
      break;
    }
    for (const imported of await importsOf(archive, entry)) found.push(imported);
  }
  return found;
}

async function importsOf(archive: TorchArchive, entry: ZipEntry): Promise<readonly PickleImport[]> {
  try {
    return (await readMemberPickle(archive, entry)).imports;
  } catch (error) {
    if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
    archive.problems.push({ code: error.code, message: `${entry.name}: ${error.message}` });
    return [];
  }
}
