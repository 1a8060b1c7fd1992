import type { FileSystem } from '#main/bytes/file-system.ts';

export interface RecordingFileSystem extends FileSystem {
  /** Names of the calls so far, in order. */
  readonly calls: readonly (keyof FileSystem)[];
}

/** An error as node:fs throws it. */
export function systemFailure(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code });
}

/**
 * Records calls and lets some fail.
 * @param failureAt the error for call `count` (from 1) of this name, or undefined to let it through.
 */
export function failingFileSystem(
  of: FileSystem,
  failureAt: (count: number, name: keyof FileSystem) => Error | undefined = () => undefined,
): RecordingFileSystem {
  const calls: (keyof FileSystem)[] = [];
  const check = (name: keyof FileSystem): void => {
    calls.push(name);
    const failure = failureAt(calls.length, name);
    if (failure) throw failure;
  };
  const through = <Arguments extends readonly unknown[], Result>(
    name: keyof FileSystem,
    call: (...args: Arguments) => Result,
  ) => {
    return (...args: Arguments): Result => {
      check(name);
      return call(...args);
    };
  };
  return {
    calls,
    create: through('create', of.create),
    openToAppend: through('openToAppend', of.openToAppend),
    openFolder: through('openFolder', of.openFolder),
    byteLength: through('byteLength', of.byteLength),
    write: through('write', of.write),
    read: through('read', of.read),
    fsync: through('fsync', of.fsync),
    flush: async (descriptor) => {
      check('flush');
      await of.flush(descriptor);
    },
    close: (descriptor) => {
      // the system gives the descriptor back even where it reports a failure
      of.close(descriptor);
      check('close');
    },
    exists: through('exists', of.exists),
    rename: through('rename', of.rename),
    unlink: through('unlink', of.unlink),
    freeBytes: through('freeBytes', of.freeBytes),
    list: through('list', of.list),
    makeFolder: through('makeFolder', of.makeFolder),
    leadsTo: through('leadsTo', of.leadsTo),
  };
}
