import { isBareName, type Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import { DCP_OPEN_FILES, DCP_PAGE_BYTES, DCP_PAGES } from '#main/bytes/limits.ts';
import { pagedSource } from '#main/bytes/paged-source.ts';
import { restingSource } from '#main/bytes/resting-source.ts';
import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { FormatInput } from '#main/formats/input.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** The files that the parts of a checkpoint lie in, each opened when it is first asked for. */
export interface DataFiles {
  /** Undefined for a file that cannot be read, which is a problem that is told once. */
  find(name: string): Promise<ByteSource | undefined>;
}

/**
 * @param count of files that the checkpoint has.
 * @param sources gets every file that is opened.
 */
export function dataFiles(
  input: FormatInput,
  folder: Folder | undefined,
  count: number,
  sources: SourceList,
  problems: Problem[],
): DataFiles {
  const files = new Map<string, Promise<ByteSource | undefined>>();

  async function open(name: string): Promise<ByteSource | undefined> {
    try {
      if (input.kind === 'file' && input.name === name) {
        sources.place(input.source, 0);
        return pagedPart(input.source);
      }
      if (!isBareName(name))
        throw new AppError('corrupt', 'its name leads out of the folder', { found: name.slice(0, 200) });
      if (!folder || !(await folder.has(name))) throw new AppError('not-found', 'it is not in the folder');
      const file = await openWithin(folder, name);
      const source = count > DCP_OPEN_FILES ? await restingSource(file) : file;
      // places in the part are places in this source
      sources.place(source, 0);
      return pagedPart(source);
    } catch (error) {
      if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
      const message = `the part ${name.slice(0, 200)} cannot be read: ${error.message}`;
      problems.push({ code: 'missing-part', message });
      return undefined;
    }
  }

  return {
    find: (name) => {
      const known = files.get(name) ?? open(name);
      files.set(name, known);
      return known;
    },
  };
}

/** Reads small archives that lie one behind the other, whose directories are at their ends, in pages. */
export function pagedPart(source: ByteSource): ByteSource {
  return pagedSource(source, { pageBytes: DCP_PAGE_BYTES, pages: DCP_PAGES });
}
