import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { linesOf, openLineLog } from '#main/bytes/line-log.ts';
import { isAppError } from '#shared/errors.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-log-'));
  path = join(folder, 'run.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a log of lines', () => {
  it('grows at its end, over several openings', () => {
    const first = openLineLog(path);
    first.append(['a', 'b'], false);
    first.append([], true);
    first.close();
    const second = openLineLog(path);
    second.append(['ü'], true);
    second.close();
    expect(readFileSync(path, 'utf8')).toBe('a\nb\nü\n');
  });

  it('ends a line that was cut short before it writes the next', () => {
    writeFileSync(path, 'a\n{"half');
    const log = openLineLog(path);
    log.append(['b'], false);
    log.append(['c'], false);
    log.close();
    expect(linesOf(readFileSync(path, 'utf8'))).toEqual(['a', '{"half', 'b', 'c']);
  });

  it('writes all of it when the system takes a few bytes at a time', () => {
    const slow: FileSystem = {
      ...nodeFileSystem,
      write: (descriptor, bytes) => nodeFileSystem.write(descriptor, bytes.subarray(0, 3)),
    };
    const log = openLineLog(path, slow);
    log.append(['one line', 'another'], false);
    log.close();
    expect(readFileSync(path, 'utf8')).toBe('one line\nanother\n');
  });

  it('goes on after a full disk with a line of its own', () => {
    let room = 6;
    const small: FileSystem = {
      ...nodeFileSystem,
      write: (descriptor, bytes) => {
        if (room === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        const taken = nodeFileSystem.write(descriptor, bytes.subarray(0, room));
        room -= taken;
        return taken;
      },
    };
    const log = openLineLog(path, small);
    expect(() => log.append(['0123456789'], false)).toThrow('writing run.jsonl failed: the disk is full');
    room = 1000;
    log.append(['0123456789'], false);
    log.close();
    expect(linesOf(readFileSync(path, 'utf8'))).toEqual(['012345', '0123456789']);
  });

  it.each(['fsync', 'byteLength', 'read'] as const)('is closed again where %s fails on opening', (step) => {
    if (step !== 'fsync') writeFileSync(path, 'a\n');
    const open = new Set<number>();
    const failing: FileSystem = {
      ...nodeFileSystem,
      openToAppend: (name, mode) => {
        const descriptor = nodeFileSystem.openToAppend(name, mode);
        open.add(descriptor);
        return descriptor;
      },
      close: (descriptor) => {
        nodeFileSystem.close(descriptor);
        open.delete(descriptor);
      },
      [step]: () => {
        throw Object.assign(new Error('failing'), { code: 'EIO' });
      },
    };
    expect(() => openLineLog(path, failing)).toThrow('writing run.jsonl failed');
    expect(open).toEqual(new Set());
  });

  it('says which file it is that cannot be written', () => {
    try {
      openLineLog(join(folder, 'nowhere', 'run.jsonl'));
      expect.unreachable();
    } catch (error) {
      expect(isAppError(error) && [error.code, error.fields.file]).toEqual(['not-found', 'run.jsonl']);
    }
  });
});
