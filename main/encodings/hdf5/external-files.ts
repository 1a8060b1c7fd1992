// HDF5 File Format Specification 4.0, IV.A.2.h "The External Data Files Message", version 1.
import { isBareName } from '#main/bytes/folder.ts';
import { joinedSource } from '#main/bytes/joined-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { readLocalHeap } from '#main/encodings/hdf5/local-heap.ts';
import { AppError } from '#shared/errors.ts';

/** A stretch of another file that holds values of a dataset. */
export interface ExternalPart {
  /** As the file has it: it may be a path. */
  readonly name: string;
  readonly offset: number;
  /** Bytes; undefined for as many as are needed. */
  readonly byteLength: number | undefined;
}

/** Opens a file beside this one by its bare name; undefined where the file stands in no folder. */
export type OpenBeside = ((name: string) => Promise<ByteSource>) | undefined;

export async function parseExternalFiles(fields: Fields, blocks: Hdf5Blocks): Promise<ExternalPart[]> {
  const version = fields.u8();
  if (version !== 1) {
    throw new AppError('unsupported', `lists of external files of version ${version} are not known`, {
      offset: fields.base,
    });
  }
  fields.skip(3);
  // slots there is room for
  fields.u16();
  const count = fields.u16();
  const heap = await readLocalHeap(blocks, fields.definedAddress('the names of external files'));
  return Array.from({ length: count }, (): ExternalPart => {
    const name = heap.text(fields.length('the name of an external file'));
    const offset = fields.length('the place in an external file');
    return { name, offset, byteLength: fields.lengthOrAll('the length in an external file') };
  });
}

/**
 * The first `byteLength` bytes that external files hold, as one source of the caller's.
 * Only bare names are followed, and so nothing outside the folder.
 * @throws AppError `corrupt` for names that lead out of the folder and files that are too short, `not-found`, `unsupported`.
 */
export async function openExternal(
  parts: readonly ExternalPart[],
  byteLength: number,
  openBeside: OpenBeside,
): Promise<ByteSource> {
  const opened: ByteSource[] = [];
  let left = byteLength;
  try {
    for (const part of parts) {
      if (left === 0) break;
      const wanted = Math.min(left, part.byteLength ?? left);
      opened.push(await openPart(part, wanted, openBeside));
      left -= wanted;
    }
    if (left > 0) throw tooShort('the external files', byteLength, byteLength - left);
    return joinedSource(opened, opened[0]?.name ?? 'nothing');
  } catch (error) {
    for (const source of opened) await source.close();
    throw error;
  }
}

async function openPart(part: ExternalPart, byteLength: number, openBeside: OpenBeside): Promise<ByteSource> {
  if (!isBareName(part.name)) {
    throw new AppError('unsupported', 'the values are in another file, which is not beside this one', {
      expected: 'the bare name of a file in the same folder',
      found: part.name.slice(0, 200),
    });
  }
  if (!openBeside) {
    throw new AppError('not-found', `the values are in the file ${part.name}, which is not here`, {});
  }
  const source = await openBeside(part.name);
  if (part.offset + byteLength > source.byteLength) {
    await source.close();
    throw tooShort(part.name, part.offset + byteLength, source.byteLength);
  }
  return { ...spanSource(source, part.offset, byteLength), close: () => source.close() };
}

function tooShort(name: string, expected: number, found: number): AppError {
  return new AppError('corrupt', `${name} holds fewer values than the dataset has`, {
    expected: `${expected} bytes`,
    found: `${found} bytes`,
  });
}
