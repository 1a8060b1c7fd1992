import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createCheckpoints, type Checkpoints, type OpenCheckpoint } from '#main/services/checkpoints.ts';
import { createFiles } from '#main/services/files.ts';
import { createSettings } from '#main/services/settings.ts';
import type { FileId } from '#shared/bridge.ts';

/** A safetensors file of one tensor of bytes. */
function safetensors(name: string, bytes: readonly number[]): Buffer {
  const header = JSON.stringify({
    [name]: { dtype: 'U8', shape: [bytes.length], data_offsets: [0, bytes.length] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(bytes)]);
}

describe('the checkpoints that are open', () => {
  let folder: string;
  let path: string;
  let file: FileId;
  let checkpoints: Checkpoints;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
    path = join(folder, 'one.safetensors');
    writeFileSync(path, safetensors('before', [1, 2]));
    const files = createFiles(await createSettings(join(folder, 'settings')));
    file = files.grant(path).file;
    checkpoints = createCheckpoints(files);
  });
  afterEach(async () => {
    await checkpoints.close();
    rmSync(folder, { recursive: true });
  });

  const namesOf = (open: OpenCheckpoint) => open.checkpoint.tensors.map(({ name }) => name);
  const readFirst = (open: OpenCheckpoint) => open.checkpoint.sources[0]!.read(0, 8);
  /** As one does that is still read from. */
  function closeSlowly({ checkpoint }: OpenCheckpoint): void {
    const source = checkpoint.sources[0]!;
    const { close } = source;
    Object.assign(source, { close: () => setTimeout(100).then(close) });
  }
  const CLOSED = { code: 'io', message: 'the file was closed while it was read' };

  it('are opened once, however many ask for one at a time', async () => {
    const [first, second] = await Promise.all([checkpoints.open(file), checkpoints.open(file)]);
    expect(second).toBe(first);
    expect(await checkpoints.open(file)).toBe(first);
  });

  it('are opened anew, once, when the file has changed, and the one before is closed', async () => {
    const before = await checkpoints.open(file);
    closeSlowly(before);
    writeFileSync(path, safetensors('after', [1, 2, 3]));
    const [first, second] = await Promise.all([checkpoints.open(file), checkpoints.open(file)]);
    expect(second).toBe(first);
    expect(namesOf(first)).toEqual(['after']);
    await expect(readFirst(before)).rejects.toMatchObject(CLOSED);
    await checkpoints.close();
    await expect(readFirst(first)).rejects.toMatchObject(CLOSED);
  });

  it('are opened again where that failed before', async () => {
    copyFileSync(path, `${path}.whole`);
    writeFileSync(path, 'no tensors');
    await expect(checkpoints.open(file)).rejects.toMatchObject({ code: 'unknown-format' });
    copyFileSync(`${path}.whole`, path);
    expect(namesOf(await checkpoints.open(file))).toEqual(['before']);
  });
});
