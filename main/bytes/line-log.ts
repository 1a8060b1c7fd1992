import { basename, dirname } from 'node:path';

import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { syncFolder } from '#main/bytes/sync-folder.ts';
import { systemError } from '#main/bytes/system-error.ts';
import { writeWhole } from '#main/bytes/write-whole.ts';

/** A text file that only grows, a line at a time, written synchronously by one thread. */
export interface LineLog {
  /**
   * Appends the lines, which hold no line breaks.
   * @param isDurable waits until they would survive a power cut.
   * @throws AppError `io`; part of the lines may be there then.
   */
  append(lines: readonly string[], isDurable: boolean): void;
  /** Whether the file is still the one of its name: a folder may have been taken away and brought back. */
  isInPlace(): boolean;
  close(): void;
}

const NEWLINE = 0x0a;

/** Opens or makes the file. A last line that was cut short is ended first, so that it spoils no other. @throws AppError `io`. */
export function openLineLog(path: string, system: FileSystem = nodeFileSystem): LineLog {
  const name = basename(path);
  const call = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw systemError(error, 'writing', name);
    }
  };
  const isNew = !call(() => system.exists(path));
  const descriptor = call(() => system.openToAppend(path, 0o644));
  /** Whether the last line may be without its end. */
  let isCut: boolean;
  try {
    if (isNew) call(() => syncFolder(dirname(path), system));
    isCut = call(() => endsWithinLine(system, descriptor));
  } catch (error) {
    try {
      system.close(descriptor);
    } catch {
      // the first error is the one to tell
    }
    throw error;
  }

  return {
    append: (lines, isDurable) =>
      call(() => {
        if (lines.length > 0) {
          const start = isCut ? '\n' : '';
          isCut = true;
          writeWhole(system, descriptor, Buffer.from(`${start}${lines.join('\n')}\n`));
          isCut = false;
        }
        if (isDurable) system.fsync(descriptor);
      }),
    isInPlace: () => call(() => system.leadsTo(path, descriptor)),
    close: () => call(() => system.close(descriptor)),
  };
}

/** Whether a file's last line goes on. */
function endsWithinLine(system: FileSystem, descriptor: number): boolean {
  const last = new Uint8Array(1);
  const byteLength = system.byteLength(descriptor);
  return byteLength > 0 && system.read(descriptor, last, byteLength - 1) === 1 && last[0] !== NEWLINE;
}

/** The lines of a log's text, empty ones left out; one that was cut short is for the caller to recognise. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
