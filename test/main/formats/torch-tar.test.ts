import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import { rejection } from '#test/kit/rejection.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/torch-tar/', import.meta.url));
type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Row>>>
>;

const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const openBytes = async (bytes: Uint8Array): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(bytes, 'x.pt')));
const open = (name: string): Promise<Checkpoint> => openBytes(bytesOf(name));

/** Where a member's bytes begin; its header has its checksum right. */
function memberAt(bytes: Uint8Array, name: string): number {
  const text = Buffer.from(bytes).toString('latin1');
  for (let at = 0; at < text.length; at += 512) if (text.startsWith(`${name}\0`, at)) return at + 512;
  throw new Error(`${name} is no member`);
}

/** The file with bytes of a member replaced by as many others. */
function altered(file: string, member: string, from: string, to: string): Uint8Array {
  const bytes = bytesOf(file);
  const at = Buffer.from(bytes).toString('latin1').indexOf(from, memberAt(bytes, member));
  if (at < 0 || from.length !== to.length) throw new Error(`${from} is not in ${member}`);
  bytes.set(Buffer.from(to, 'latin1'), at);
  return bytes;
}

describe('files in the tar format of before 0.1.10', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(name);
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[name]);
    expect(checkpoint.problems).toEqual([]);
    expect(checkpoint.format).toBe('pytorch');
    expect(checkpoint.dialect).toBe(
      `PyTorch tar, written by torch before 0.1.10${name === 'big-endian.pt' ? ', big-endian' : ''}`,
    );
  });

  it('what is no tensor is metadata, and a module brings its source text', async () => {
    expect((await open('state.pt')).metadata).toEqual({ epoch: 7 });
    expect((await open('module.pt')).metadata).toEqual({
      __class__: 'torch.nn.modules.linear.Linear',
      bias: null,
      training: true,
      in_features: 2,
      out_features: 1,
      source: { 'torch.nn.modules.linear.Linear (linear.py)': 'class Linear(Module):\n    pass\n' },
    });
  });

  it('views and ties keep the storage that they are of', async () => {
    const { tensors } = await open('views.pt');
    const placeOf = (name: string): unknown => {
      const { storage } = tensors.find((tensor) => tensor.name === name)!;
      return storage.kind === 'dense' && [storage.source, storage.offset, storage.byteLength];
    };
    const whole = tensors.find(({ name }) => name === 'whole')!;
    const tied = tensors.find(({ name }) => name === 'tied')!;
    expect(tied.storage).toEqual(whole.storage);
    for (const name of ['turned', 'row', 'part', 'again']) expect(placeOf(name)).toEqual(placeOf('whole'));
  });

  it('every part of the file is told', async () => {
    const { regions } = await open('state.pt');
    const labels = regions.map(({ label }) => label.replace(/\d{5,}/, 'N'));
    expect(labels).toEqual([
      'system',
      'pickle',
      'number of tensors',
      'tensor N',
      'tensor N',
      'number of storages',
      ...['record of storage N', 'storage N', 'record of storage N', 'storage N'],
      'views of storages',
    ]);
  });
});

describe('a tar file that is not whole', () => {
  it.each([
    ['tensors', 'sys_info, pickle, storages'],
    ['storages', 'sys_info, pickle, tensors'],
  ])('is named where the part %s is missing', async (missing, found) => {
    expect(await rejection(open(`without-${missing}.pt`))).toMatchObject({
      code: 'unsupported',
      message: `this is a PyTorch tar file (before 0.1.10) with parts missing: ${missing}`,
      expected: 'sys_info, pickle, tensors, storages',
      found,
    });
  });

  it('keeps what lies before the place where it is cut', async () => {
    const bytes = bytesOf('state.pt');
    const { storage } = (await open('state.pt')).tensors[1]!;
    const end = storage.kind === 'dense' ? storage.offset + 3 : 0;
    const checkpoint = await openBytes(bytes.slice(0, end));
    const rows = await rowsOf(checkpoint);
    expect(rows['weight']).toEqual(EXPECTED['state.pt']!['weight']);
    expect(checkpoint.tensors[1]!.storage.kind).toBe('none');
    expect(checkpoint.problems.map(({ code }) => code)).toEqual(['corrupt', 'corrupt', 'corrupt']);
    expect(checkpoint.problems[0]!.message).toBe(
      'the tar archive is cut short: a member reaches beyond its end',
    );
    expect(checkpoint.problems[1]!.message).toMatch(
      /^the storage \d+ should have 2 elements, which is more than the file holds; nothing behind it is read in storages$/,
    );
  });

  it('tells of a header without its checksum', async () => {
    const bytes = bytesOf('state.pt');
    bytes[memberAt(bytes, 'storages') - 512 + 100]! ^= 1;
    const { problems } = await openBytes(bytes);
    expect(problems).toEqual([
      {
        code: 'tar-checksum',
        message: 'the tar header of storages does not have the checksum that it states',
        offset: memberAt(bytes, 'storages') - 512,
      },
    ]);
  });
});

describe('a tar file of which a part makes no sense', () => {
  const count = (number: number): string => `\x80\x02K${String.fromCharCode(number)}.`;
  const messages = async (bytes: Uint8Array): Promise<readonly string[]> =>
    (await openBytes(bytes)).problems.map(({ message }) => message);

  it('more storages than there are', async () => {
    expect(await messages(altered('lone.pt', 'storages', count(1), count(2)))).toEqual([
      'a storage has no proper record; nothing behind it is read in storages',
    ]);
  });

  it('a number of tensors that is none', async () => {
    const [first, second] = await messages(altered('lone.pt', 'tensors', count(1), '\x80\x02\x88N.'));
    expect(first).toBe('the number of tensors makes no sense; nothing behind it is read in tensors');
    expect(second).toMatch(/^the pickle refers to '\d+', which is no tensor or storage of the file$/);
  });

  it('a class of storage that has no dtype', async () => {
    const [first] = await messages(altered('lone.pt', 'storages', 'FloatStorage', 'FoxesStorage'));
    expect(first).toBe(
      'the storage class FoxesStorage has no dtype here; nothing behind it is read in storages',
    );
  });

  it('more dimensions than a tensor can have', async () => {
    const rank = '\x01\0\0\0\0\0\0\0';
    const [first] = await messages(altered('lone.pt', 'tensors', rank, rank.replace('\x01', '\x41')));
    expect(first).toMatch(/^the tensor \d+ has 65 dimensions; nothing behind it is read in tensors$/);
  });

  it('a shape beyond its storage', async () => {
    const size = '\x03\0\0\0\0\0\0\0';
    const { problems, tensors } = await openBytes(
      altered('lone.pt', 'tensors', size, size.replace('\x03', '\x04')),
    );
    expect(problems.map(({ code }) => code)).toEqual(['storage-range']);
    expect(tensors[0]!.storage.kind).toBe('none');
  });
});

describe('the X-ray of a tar file', () => {
  it('lists what every part imports, by its member', async () => {
    const source = memorySource(bytesOf('state.pt'), 'x.pt');
    const checkpoint = await openCheckpoint(await fileInput(source));
    const { imports, complete, weightsOnly } = await scanCode([source], { checkpoint });
    const rows = imports.map(({ stream, module, name }) => `${stream} ${module}.${name}`).sort();
    expect(rows).toEqual([
      'pickle collections.OrderedDict',
      ...['storages torch.FloatStorage', 'storages torch.FloatStorage'],
      ...['tensors torch.FloatTensor', 'tensors torch.FloatTensor'],
    ]);
    expect(complete).toBe(true);
    expect(weightsOnly).toEqual({
      accepted: false,
      reason: 'it is a tar archive, which is refused in that mode',
    });
  });

  it('gives the offset of each import in its member', async () => {
    const bytes = bytesOf('state.pt');
    const { imports } = await openBytes(bytes);
    for (const { stream, module, name, offset } of imports) {
      const at = memberAt(bytes, stream) + offset;
      const global = `c${module}\n${name}\n`;
      expect(Buffer.from(bytes.slice(at, at + global.length)).toString('latin1')).toBe(global);
    }
  });
});
