import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { crc32 } from '#main/bytes/crc32.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { layOutZip, zipDirectoryFor, zipHeaderFor } from '#main/encodings/zip/write-zip.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { digestOf } from '#test/kit/digest.ts';
import { hasOracles, ORACLES } from '#test/kit/shared-files.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/pytorch/', import.meta.url));

type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string | null };
type Expected = Readonly<
  Record<string, { tensors: Readonly<Record<string, Row>>; problems: readonly string[] }>
>;
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Expected;

async function openBytes(bytes: Uint8Array): Promise<Checkpoint> {
  return openCheckpoint(await fileInput(memorySource(bytes, 'x.pt')));
}
const openFile = (path: string): Promise<Checkpoint> => openBytes(Uint8Array.from(readFileSync(path)));
const open = (name: string): Promise<Checkpoint> => openFile(`${FIXTURES}${name}`);

async function rowsOf(checkpoint: Checkpoint): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const tensor of checkpoint.tensors) {
    const { name, dtype, shape } = tensor;
    rows[name] = { dtype, shape, sha256: (await digestOf(tensor, checkpoint.sources)) ?? null };
  }
  return rows;
}

describe('files in the layout of torch.save', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(name);
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[name]!.tensors);
    expect(checkpoint.problems.map(({ code }) => code).sort()).toEqual([...EXPECTED[name]!.problems].sort());
    expect(checkpoint.format).toBe('pytorch');
  });
});

describe('what is no tensor is metadata', () => {
  it('of modules, arguments and unknown classes', async () => {
    const { metadata, problems } = await open('module.pt');
    expect(metadata).toEqual({
      epoch: 3,
      model: {
        __class__: 'mine.Net',
        layer: { __class__: 'torch.nn.modules.linear.Linear', bias: null, training: true, in_features: 2 },
        name: 'net',
      },
      args: { __class__: 'argparse.Namespace', lr: 0.1, layers: [1, 2] },
      config: { __class__: 'mine.Config', x: 1 },
    });
    expect(problems.map(({ message }) => message)).toEqual([
      'mine.Net is unknown here and stands as plain data',
      'mine.Config is unknown here and stands as plain data',
    ]);
  });

  it('of subclasses', async () => {
    const { metadata } = await open('subclasses.pt');
    expect(metadata).toEqual({ a: { __class__: 'mine.Quantised', bits: 8 }, b: { note: 'kept' } });
  });

  it('of tensors that are spread over processes', async () => {
    const { metadata, problems } = await open('distributed-tensors.pt');
    const shard = { __class__: 'torch.distributed.tensor.placement_types.Shard', dim: 0 };
    expect(metadata).toEqual({ whole: { placements: [shard] }, part: { placements: [shard] } });
    expect(problems).toEqual([
      {
        code: 'partial-tensor',
        message: "the file has one process's part of it, [2, 1] of [4, 1]",
        tensor: 'part',
      },
    ]);
  });
});

describe.skipIf(!hasOracles)('of files by PyTorch', () => {
  it('shared storages are equal places', async () => {
    const { tensors } = await openFile(`${ORACLES}odd/pytorch/tied.pt`);
    expect(tensors[0]!.storage).toEqual(tensors[1]!.storage);
  });

  it('views keep the storage that they are of', async () => {
    const { tensors } = await openFile(`${ORACLES}odd/pytorch/small-view-of-big-storage.pt`);
    expect(tensors[0]!.storage).toMatchObject({ byteLength: 4000, elementOffset: 500 });
  });

  it('every tensor has the CRC-32 of its storage', async () => {
    const checkpoint = await openFile(`${ORACLES}odd/pytorch/state-dict.pt`);
    for (const { checksums } of checkpoint.tensors) {
      const { expected, source, begin, end, algorithm } = checksums![0]!;
      expect(algorithm).toBe('crc32');
      expect(crc32(await checkpoint.sources[source]!.read(begin, end - begin))).toBe(expected);
    }
  });

  it('the metadata of a state dict are kept', async () => {
    const { metadata } = await openFile(`${ORACLES}odd/pytorch/state-dict.pt`);
    expect(metadata).toMatchObject({ _metadata: { '': { version: 1 }, norm: { version: 2 } } });
  });

  it('scalars and texts of a training state are metadata, nested as they are', async () => {
    const { metadata } = await openFile(`${ORACLES}odd/pytorch/training.pt`);
    expect(metadata).toMatchObject({
      epoch: 3,
      best: 0.91,
      note: 'résumé ✓',
      optimizer: {
        param_groups: [{ lr: 0.001, amsgrad: true, betas: [0.9, 0.999], params: [0, 1, 2, 3, 4, 5] }],
      },
      scheduler: { step_size: 10 },
    });
  });

  it('a module in the stream format brings its source text', async () => {
    const { metadata } = await openFile(`${ORACLES}odd/pytorch-1.0/module.pt`);
    const texts = Object.entries(metadata['source'] as Record<string, string>);
    expect(texts.map(([name]) => name.split(' ')[0])).toContain('torch.nn.modules.linear.Linear');
    expect(texts.find(([name]) => name.includes('linear.Linear'))![1]).toMatch(/^class Linear\(Module\)/);
  });

  const dialect = (path: string, expected: string): void => {
    it(`${path} is "${expected}"`, async () => {
      expect((await openFile(`${ORACLES}${path}`)).dialect).toBe(expected);
    });
  };
  dialect('odd/pytorch/state-dict.pt', 'PyTorch zip, written by torch 2.7 or newer');
  dialect('odd/pytorch-1.10/state-dict.pt', 'PyTorch zip, written by torch 1.6 to 2.0');
  dialect('odd/pytorch-1.0/state-dict.pt', 'PyTorch stream (before 1.6, or asked for since)');
  dialect(
    'odd/lightning/epoch=1-step=8.ckpt',
    'PyTorch zip, written by torch 2.7 or newer; checkpoint of Lightning 2.6.6',
  );
});

describe('what is cut or damaged gets one plain message', () => {
  const whole = Uint8Array.from(readFileSync(`${FIXTURES}big-endian.pt`));
  it('a zip without its end', async () => {
    await expect(openBytes(whole.slice(0, 900))).rejects.toMatchObject({
      code: 'corrupt',
      message: 'the archive is cut short: the directory at its end is missing',
      fields: { offset: 900 },
    });
  });

  it('a zip whose pickle has another checksum', async () => {
    const bytes = whole.slice();
    // the name of the first tensor
    bytes[Buffer.from(bytes).indexOf('X\x01\x00\x00\x00f') + 5] = 0x67;
    const { problems, tensors } = await openBytes(bytes);
    expect(problems.map(({ code }) => code)).toEqual(['crc-mismatch']);
    expect(tensors[0]!.name).toBe('g');
  });

  it('a stream that ends inside a storage keeps what came before', async () => {
    const bytes = Uint8Array.from(readFileSync(`${FIXTURES}protocol-4-stream.pt`));
    const { problems, tensors } = await openBytes(bytes.slice(0, -4));
    expect(tensors.filter(({ storage }) => storage.kind === 'none').map(({ name }) => name)).toEqual(['n']);
    expect(problems.map(({ tensor }) => tensor)).toEqual([undefined, 'n']);
  });

  it('a stream that ends inside its pickle', async () => {
    const bytes = Uint8Array.from(readFileSync(`${FIXTURES}protocol-4-stream.pt`));
    await expect(openBytes(bytes.slice(0, 200))).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('opening reads the directory and the pickle, whatever the size', () => {
  /** 300 tensors of 4 MiB as torch.save lays them out, without the memory: storages read as zeros. */
  function largeFile(): ByteSource {
    const count = 300;
    const byteLength = 4 * 1024 * 1024;
    const row = (index: number): string =>
      `X\x04\x00\x00\x00${String(1000 + index)}ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x04\x00\x00\x00${String(1000 + index)}X\x03\x00\x00\x00cpuJ\x00\x00\x10\x00tQK\x00(J\x00\x04\x00\x00J\x00\x04\x00\x00t(J\x00\x04\x00\x00K\x01t\x89}tR`;
    const pickle = Uint8Array.from(
      Buffer.from(
        `\x80\x02}(${Array.from({ length: count }, (_, index) => row(index)).join('')}u.`,
        'latin1',
      ),
    );
    const layout = layOutZip([
      { name: 'big/data.pkl', byteLength: pickle.byteLength },
      ...Array.from({ length: count }, (_, index) => ({ name: `big/data/${1000 + index}`, byteLength })),
      { name: 'big/version', byteLength: 2 },
    ]);
    const checksums = layout.entries.map((_, index) => (index === 0 ? crc32(pickle) : 1));
    const parts: (readonly [number, Uint8Array])[] = [
      ...layout.entries.map(
        (entry, index) => [entry.headerOffset, zipHeaderFor(entry, checksums[index]!)] as const,
      ),
      [layout.entries[0]!.dataOffset, pickle],
      [layout.directoryOffset, zipDirectoryFor(layout, checksums)],
    ];
    const readInto = (offset: number, target: Uint8Array) => {
      for (const [begin, bytes] of parts) {
        const from = Math.max(begin, offset);
        const to = Math.min(begin + bytes.byteLength, offset + target.byteLength);
        if (to > from) target.set(bytes.subarray(from - begin, to - begin), from - offset);
      }
    };
    return {
      ...memorySource(new Uint8Array(0), 'big.pt'),
      byteLength: layout.byteLength,
      readInto,
      read: async (offset, length) => {
        const out = new Uint8Array(length);
        readInto(offset, out);
        return out;
      },
    };
  }

  it('1.2 GiB in 300 tensors', async () => {
    const source = countingSource(largeFile());
    const checkpoint = await openCheckpoint(await fileInput(source));
    expect(checkpoint.tensors).toHaveLength(300);
    expect(checkpoint.tensors[299]).toMatchObject({ name: '1299', dtype: 'f32', shape: [1024, 1024] });
    expect(checkpoint.problems).toEqual([]);
    // head, tail, end record, directory, a header each, pickle, version
    expect(source.reads().length).toBeLessThanOrEqual(310);
    expect(source.byteCount()).toBeLessThan(150_000);
    expect(Math.max(...source.reads().map(([, length]) => length))).toBeLessThan(70_000);
  });
});
