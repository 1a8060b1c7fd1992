import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCheckpoints, type Checkpoints, type OpenCheckpoint } from '#main/services/checkpoints.ts';
import { createCompute, type Compute } from '#main/services/compute.ts';
import { createFiles } from '#main/services/files.ts';
import { createSettings } from '#main/services/settings.ts';
import { summarizeCheckpoint } from '#main/services/summarize.ts';
import { verifyCheckpoint } from '#main/services/integrity.ts';

const folder = mkdtempSync(join(tmpdir(), 'shared-reads-'));
const path = join(folder, 'arrays.npz');
const VALUES = Float32Array.from({ length: 300_000 }, (_, index) => (index % 1000) / 8);

/** An archive of one stored member, put together by hand from APPNOTE.TXT and NumPy's format description. */
function npz(): Buffer {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${VALUES.length},), }`.padEnd(117);
  const array = Buffer.concat([
    Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]),
    Buffer.from(`${head}\n`),
    Buffer.from(VALUES.buffer),
  ]);
  const name = Buffer.from('values.npy');
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(crc32(array), 10);
  fields.writeUInt32LE(array.length, 14);
  fields.writeUInt32LE(array.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, name, array]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
    fields,
    Buffer.alloc(14),
    name,
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

const closing: Checkpoints[] = [];

async function openAt(file: string): Promise<OpenCheckpoint> {
  const files = createFiles(await createSettings(undefined));
  const checkpoints = createCheckpoints(files);
  closing.push(checkpoints);
  return checkpoints.open(files.grant(file).file);
}

/** Compute that remembers which tasks it ran. */
function watched(): { compute: Compute; names: string[] } {
  const inner = createCompute(undefined);
  const names: string[] = [];
  const run: Compute['run'] = (name, task, pass) => {
    names.push(name);
    return inner.run(name, task, pass);
  };
  return { compute: { ...inner, run }, names };
}

const options = { isDigestWanted: false, signal: new AbortController().signal, progress: () => {} };

beforeAll(() => writeFileSync(path, npz()));
afterAll(async () => {
  for (const checkpoints of closing) await checkpoints.close();
  rmSync(folder, { recursive: true });
});

describe('statistics with verification', () => {
  it('take the checksum of the bytes that they read, the header before them included', async () => {
    const open = await openAt(path);
    const { compute, names } = watched();
    const found = await summarizeCheckpoint(open, compute, {
      ...options,
      bins: 10,
      isVerificationWanted: true,
    });
    expect(names).toEqual(['summary']);
    expect(found.verification).toEqual(await verifyCheckpoint(open, compute, options));
    expect(found.verification?.verdict).toBe('verified');
    // a thousand values from 0 to 124.875 in ten bins of 12.4875, three hundred times each
    expect([...(found.tensors[0]?.histogram?.counts ?? [])]).toEqual(new Array<number>(10).fill(30_000));
  });

  it('find the byte that is not what the archive says', async () => {
    const damaged = join(folder, 'damaged.npz');
    const bytes = npz();
    bytes[bytes.length - 500]! ^= 1;
    writeFileSync(damaged, bytes);
    const { compute } = watched();
    const found = await summarizeCheckpoint(await openAt(damaged), compute, {
      ...options,
      isVerificationWanted: true,
    });
    expect(found.verification?.verdict).toBe('failed');
    expect(found.verification?.problems.map(({ code }) => code)).toContain('crc-mismatch');
  });
});

describe('a file that changes', () => {
  it('under a pass makes a problem, not figures', async () => {
    const changing = join(folder, 'changing.npz');
    writeFileSync(changing, npz());
    const open = await openAt(changing);
    const { compute } = watched();
    let isTouched = false;
    const found = await summarizeCheckpoint(open, compute, {
      ...options,
      progress: () => {
        if (isTouched) return;
        isTouched = true;
        writeFileSync(changing, readFileSync(changing));
        utimesSync(changing, 1, 1);
      },
    });
    expect(isTouched).toBe(true);
    expect(found.tensors[0]?.summary).toBeUndefined();
    expect(found.problems.map(({ message }) => message)).toContain('the file changed while it was read');
  });
});
