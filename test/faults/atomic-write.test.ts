import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { writeAtomically, writeAtomicallySync, writeHeadLastSync } from '#main/bytes/atomic-write.ts';
import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { temporaryPrefix, type AtomicWriteOptions, type WrittenFile } from '#main/bytes/pending-file.ts';
import { AppError } from '#shared/errors.ts';
import { failingFileSystem, systemFailure, type RecordingFileSystem } from '#test/kit/failing-file-system.ts';

const OLD = Buffer.from('what was there before');
const CHUNKS = [Buffer.alloc(700, 1), Buffer.alloc(0), Buffer.alloc(100_000, 2), Buffer.from('end')];
const NEW = Buffer.concat(CHUNKS);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-atomic-'));
  path = join(folder, 'file.bin');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Write = (options: AtomicWriteOptions, chunks?: Iterable<Uint8Array>) => Promise<WrittenFile>;

async function* later(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

/** All forms of the same protocol. */
const FORMS: readonly (readonly [string, Write])[] = [
  ['synchronous', async (options, chunks = CHUNKS) => writeAtomicallySync(path, chunks, options)],
  ['streaming', (options, chunks = CHUNKS) => writeAtomically(path, later(chunks), options)],
  [
    'head last',
    async (options, chunks = CHUNKS) => {
      const [head = Buffer.alloc(0), ...body] = chunks;
      const digest = (all: readonly Uint8Array[]) =>
        createHash('sha256').update(Buffer.concat(all)).digest('hex');
      const content = {
        headLength: head.byteLength,
        body,
        takeHead: () => head,
        beginDigest: (all: readonly Uint8Array[]) => () => digest(all),
      };
      return writeHeadLastSync(path, content, options);
    },
  ],
];

async function failureOf(run: Promise<unknown>): Promise<AppError> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

/** What is in the folder, `file.bin` left out. */
const litter = (): string[] => readdirSync(folder).filter((name) => name !== 'file.bin');

describe.each(FORMS)('%s', (form, write) => {
  it('writes all bytes, says how many and with what digest, and leaves nothing else', async () => {
    const written = await write({});
    expect(written).toEqual({
      byteLength: NEW.byteLength,
      sha256: createHash('sha256').update(NEW).digest('hex'),
    });
    expect(readFileSync(path).equals(NEW)).toBe(true);
    expect(litter()).toEqual([]);
  });

  it('takes its steps in the order of the protocol', async () => {
    const system = failingFileSystem(nodeFileSystem);
    await write({ fileSystem: system });
    const flush = form === 'streaming' ? ['flush'] : [];
    expect(system.calls).toEqual([
      ...['exists', 'create', 'write', 'write', 'write', ...flush, 'fsync', 'read', 'read', 'close'],
      ...['exists', 'rename', 'openFolder', 'fsync', 'close'],
    ]);
  });

  describe('call n fails', () => {
    const CODES = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EMFILE'];

    async function attempt(count: number, code: string, isReplacing: boolean): Promise<RecordingFileSystem> {
      if (isReplacing) writeFileSync(path, OLD);
      else rmSync(path, { force: true });
      const system = failingFileSystem(nodeFileSystem, (call) =>
        call === count ? systemFailure(code) : undefined,
      );
      const at = `call ${count}, ${code}, ${isReplacing ? 'replacing' : 'new'}`;
      const error = await failureOf(write({ isReplacing, fileSystem: system }));
      const { code: kind, fields } = error;
      expect({ kind, file: fields.file, found: fields.found }, at).toEqual({
        kind: 'io',
        file: 'file.bin',
        found: code,
      });
      expect(error.message, at).toMatch(/^[a-z ]+ file\.bin failed: [a-z/ -]+$/);
      expect(litter(), at).toEqual([]);
      const isNew = existsSync(path) && readFileSync(path).equals(NEW);
      const isOld = isReplacing ? existsSync(path) && readFileSync(path).equals(OLD) : !existsSync(path);
      const isRenamed = system.calls.includes('rename') && system.calls[count - 1] !== 'rename';
      expect({ isNew, isOld }, at).toEqual({ isNew: isRenamed, isOld: !isRenamed });
      return system;
    }

    it.each([
      ['a new file', false],
      ['a file that is replaced', true],
    ])('%s is old or new as a whole, and one error says why', async (_, isReplacing) => {
      const system = failingFileSystem(nodeFileSystem);
      if (isReplacing) writeFileSync(path, OLD);
      await write({ isReplacing, fileSystem: system });
      expect(system.calls.length).toBeGreaterThan(10);
      for (let count = 1; count <= system.calls.length; count++) {
        for (const code of CODES) await attempt(count, code, isReplacing);
      }
    });

    it('a descriptor whose fsync failed is not asked again', async () => {
      for (const sync of form === 'streaming' ? (['flush', 'fsync'] as const) : (['fsync'] as const)) {
        const system = failingFileSystem(nodeFileSystem, (_, name) =>
          name === sync ? systemFailure('EIO') : undefined,
        );
        await failureOf(write({ fileSystem: system }));
        const after = system.calls.slice(system.calls.indexOf(sync) + 1);
        expect(after).toEqual(['close', 'unlink']);
      }
    });

    it('where the clean-up fails, too, the first error is told, and what is left behind', async () => {
      const system = failingFileSystem(nodeFileSystem, (_, name) =>
        name === 'fsync' ? systemFailure('EIO') : name === 'unlink' ? systemFailure('EROFS') : undefined,
      );
      const error = await failureOf(write({ fileSystem: system, tag: 'run7' }));
      const [left] = litter();
      expect(left?.startsWith(temporaryPrefix('run7'))).toBe(true);
      // the system's own hint wins where it has one
      expect(error.fields).toMatchObject({ found: 'EIO', hint: 'the disk may be failing' });
    });
  });

  it('an interrupted write goes on', async () => {
    let interruptions = 0;
    const system = failingFileSystem(nodeFileSystem, (_, name) =>
      name === 'write' && interruptions++ < 50 ? systemFailure('EINTR') : undefined,
    );
    await write({ fileSystem: system });
    expect(readFileSync(path).equals(NEW)).toBe(true);
  });

  it('endless interruptions end', async () => {
    const system = failingFileSystem(nodeFileSystem, (_, name) =>
      name === 'write' ? systemFailure('EINTR') : undefined,
    );
    expect((await failureOf(write({ fileSystem: system }))).fields.found).toBe('EINTR');
    expect(litter()).toEqual([]);
  });

  it('short writes go on where they stopped', async () => {
    const system: FileSystem = {
      ...nodeFileSystem,
      write: (descriptor, bytes, position) =>
        nodeFileSystem.write(descriptor, bytes.subarray(0, Math.ceil(bytes.byteLength / 3)), position),
    };
    expect((await write({ fileSystem: system })).byteLength).toBe(NEW.byteLength);
    expect(readFileSync(path).equals(NEW)).toBe(true);
  });

  it('a system that takes no bytes is an error, not a loop', async () => {
    const system: FileSystem = { ...nodeFileSystem, write: () => 0 };
    expect((await failureOf(write({ fileSystem: system }))).code).toBe('io');
    expect(litter()).toEqual([]);
  });

  it('bytes that come back otherwise than they were written are found before anything is replaced', async () => {
    writeFileSync(path, OLD);
    const system: FileSystem = {
      ...nodeFileSystem,
      read: (descriptor, into, position) => {
        const count = nodeFileSystem.read(descriptor, into, position);
        if (position === 0) into[500]! ^= 1;
        return count;
      },
    };
    const error = await failureOf(write({ isReplacing: true, fileSystem: system }));
    expect(error.message).toBe('writing file.bin failed: it does not read back as it was written');
    expect(readFileSync(path).equals(OLD)).toBe(true);
    expect(litter()).toEqual([]);
  });

  it('a file that is there already is refused before anything is written', async () => {
    writeFileSync(path, OLD);
    const system = failingFileSystem(nodeFileSystem);
    const error = await failureOf(write({ fileSystem: system }));
    expect(error.message).toBe('writing file.bin failed: a file of this name exists already');
    expect(system.calls).toEqual(['exists']);
    expect(readFileSync(path).equals(OLD)).toBe(true);
  });

  it('a file that appears meanwhile is not replaced', async () => {
    function* chunks(): Generator<Uint8Array> {
      yield* CHUNKS;
      writeFileSync(path, OLD);
    }
    await failureOf(write({}, chunks()));
    expect(readFileSync(path).equals(OLD)).toBe(true);
    expect(litter()).toEqual([]);
  });

  it('a failure of what is to be written comes out as it is', async () => {
    const reason = new AppError('cancelled', 'cancelled');
    function* chunks(): Generator<Uint8Array> {
      yield CHUNKS[0]!;
      throw reason;
    }
    expect(await failureOf(write({}, chunks()))).toBe(reason);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('what produces the chunks may clean up when the disk fails', async () => {
    let isClosed = false;
    function* chunks(): Generator<Uint8Array> {
      try {
        yield* CHUNKS;
      } finally {
        isClosed = true;
      }
    }
    const system = failingFileSystem(nodeFileSystem, (_, name) =>
      name === 'write' ? systemFailure('EIO') : undefined,
    );
    await failureOf(write({ fileSystem: system }, chunks()));
    expect(isClosed).toBe(true);
  });

  it('a folder that does not exist is an error with a name', async () => {
    rmSync(folder, { recursive: true });
    const error = await failureOf(write({}));
    expect({ code: error.code, message: error.message }).toEqual({
      code: 'not-found',
      message: 'creating file.bin failed: no such file or folder',
    });
  });

  it('a file system that cannot sync folders is good enough', async () => {
    const isFolderSync = (calls: readonly string[]): boolean => calls.includes('openFolder');
    const system: RecordingFileSystem = failingFileSystem(nodeFileSystem, (_, name) =>
      name === 'fsync' && isFolderSync(system.calls) ? systemFailure('EINVAL') : undefined,
    );
    await write({ fileSystem: system });
    expect(readFileSync(path).equals(NEW)).toBe(true);
  });

  it('permissions are those asked for, less the process’s mask', async () => {
    await write({ mode: 0o600 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    rmSync(path);
    await write({});
    expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask());
  });

  it('a long file is not read back unless asked for', async () => {
    const long = Array.from({ length: 65 }, () => new Uint8Array(1024 * 1024));
    const system = failingFileSystem({ ...nodeFileSystem, write: (_, bytes) => bytes.byteLength });
    await write({ fileSystem: system }, long);
    expect(system.calls).not.toContain('read');
    rmSync(path);
    expect((await failureOf(write({ fileSystem: system, isReadBack: true }, long))).fields.found).toBe(
      '0 bytes',
    );
  });
});
