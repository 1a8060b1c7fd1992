import { TORCHSCRIPT_CODE_BYTES } from '#main/bytes/limits.ts';
import type { CodePart } from '#main/formats/contract.ts';
import { readMemberText, type TorchArchive } from '#main/formats/pytorch/archive.ts';
import { isAppError } from '#shared/errors.ts';

const FOLDER = 'data/aotinductor/';
const SOURCE = /\.(c|cc|cpp|cu|h|hpp|py)$/;
const LIBRARY = /\.(so|dylib|dll|pyd|o|cubin|hsaco|spv)$/;

/** Code that AOTInductor compiled the model into: sources are shown, libraries are named by a problem. */
export async function nativeCode(archive: TorchArchive): Promise<readonly CodePart[]> {
  const { zip, prefix, problems } = archive;
  const parts: CodePart[] = [];
  let left = TORCHSCRIPT_CODE_BYTES;
  for (const entry of zip.entries) {
    if (!entry.name.startsWith(`${prefix}${FOLDER}`)) continue;
    const name = entry.name.slice(prefix.length + FOLDER.length);
    if (LIBRARY.test(name)) {
      const message = `${entry.name} is compiled code that PyTorch would load; nothing is loaded here`;
      problems.push({ code: 'native-code', message, offset: entry.headerOffset });
    }
    if (!SOURCE.test(name) || entry.byteLength > left) continue;
    left -= entry.byteLength;
    try {
      const text = await readMemberText(zip, entry, entry.byteLength);
      parts.push({ kind: 'compiled-model', name, stream: entry.name, text });
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      problems.push({ code: error.code, message: error.message, offset: entry.headerOffset });
    }
  }
  return parts;
}
