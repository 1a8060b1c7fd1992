/** Every format against what the frameworks say about the files that they wrote. A new format is one line in `COVERED`. */
import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, folderOf } from '#main/bytes/folder.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput, type FormatInput } from '#main/formats/input.ts';
import { offeredTensor } from '#main/formats/offered.ts';
import { FORMATS } from '#main/formats/registry.ts';
import type { Quantisation } from '#shared/tensor.ts';
import { digestOf } from '#test/kit/digest.ts';
import { hasOracles, ORACLES, readOracles, type OracleFile } from '#test/kit/shared-files.ts';

/** The oracles' `format` values by the name of the format of ours that opens them. */
const COVERED: Readonly<Record<string, readonly string[]>> = {
  flax: ['flax-msgpack'],
  gguf: ['gguf'],
  hdf5: ['hdf5'],
  keras: ['keras-h5', 'keras3', 'keras3-weights', 'keras3-sharded'],
  mxnet: ['mxnet', 'mxnet-states'],
  numpy: ['numpy'],
  onnx: ['onnx'],
  orbax: ['orbax'],
  pickle: ['pickle'],
  pytorch: ['pytorch', 'torchscript', 'pt2', 'dcp', 'pytorch-index'],
  safetensors: ['safetensors', 'safetensors-index'],
  tensorflow: ['tf-checkpoint', 'tf-v1', 'tf-v1-sharded', 'saved-model'],
};

interface Described {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sha256: string | undefined;
}

/** Fields of expected.json that the shared kit does not name. */
interface Extras {
  readonly no_data?: Readonly<Record<string, { dtype: string; shape: readonly number[] }>>;
  readonly listed?: 'some';
}
interface TensorExtras {
  readonly offers?: readonly string[];
  readonly quant?: Readonly<Record<string, unknown>>;
  readonly sparse?: { readonly layout: string; readonly parts: Readonly<Record<string, unknown>> };
}

async function inputFor(path: string): Promise<FormatInput> {
  const full = `${ORACLES}${path}`;
  if (path.endsWith('/'))
    return { kind: 'folder', name: path.split('/').at(-2), folder: folderAt(full.slice(0, -1)) };
  return fileInput(await fileSource(full), folderOf(full));
}

/** Where the file does not say what was saved, the oracle does, and its digest is of that: one of what the tensor offers. */
async function describeAll(
  checkpoint: Checkpoint,
  expected: Readonly<Record<string, TensorExtras>>,
): Promise<Map<string, Described>> {
  const rows = new Map<string, Described>();
  for (const tensor of checkpoint.tensors) {
    const { name, dtype, shape } = tensor;
    const [saved] = expected[name]?.offers ?? [];
    const asSaved = saved === undefined ? tensor : offeredTensor(tensor, saved);
    rows.set(name, { dtype, shape, sha256: await digestOf(asSaved, checkpoint.sources) });
  }
  return rows;
}

function expectedRows(file: OracleFile & Extras): Map<string, Described> {
  const withData = Object.entries(file.tensors).map(
    ([name, { dtype, shape, sha256 }]) => [name, { dtype, shape, sha256 }] as const,
  );
  const withoutData = Object.entries(file.no_data ?? {}).map(
    ([name, { dtype, shape }]) => [name, { dtype, shape, sha256: undefined }] as const,
  );
  return new Map<string, Described>([...withData, ...withoutData]);
}

const byName = (rows: ReadonlyMap<string, Described>): readonly (readonly [string, Described])[] =>
  [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

function checkExtras(tensor: StoredTensor, expected: TensorExtras): void {
  if (expected.offers)
    expect(tensor.offers, tensor.name).toEqual(expect.arrayContaining([...expected.offers]));
  if (expected.quant) expect(quantisationRow(tensor.quantisation), tensor.name).toEqual(expected.quant);
  if (expected.sparse) {
    expect(tensor.sparse?.layout, tensor.name).toBe(expected.sparse.layout);
    expect([...(tensor.sparse?.parts ?? [])].sort(), tensor.name).toEqual(
      Object.keys(expected.sparse.parts).sort(),
    );
  }
}

function quantisationRow(quantisation: Quantisation | undefined): unknown {
  const { scheme, scale, scales, zeroPoint, zeroPoints, axis } = quantisation ?? { scheme: undefined };
  const row = { scheme, scale, scales, zero_point: zeroPoint, zero_points: zeroPoints, axis };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

describe.skipIf(!hasOracles)(
  'oracle files open with the names, dtypes, shapes and digests their framework had',
  () => {
    const files = hasOracles ? Object.entries(readOracles().files) : [];
    for (const [name, kinds] of Object.entries(COVERED)) {
      const rows = files.filter(([, file]) => kinds.includes(file.format));
      describe(name, () => {
        it.each(rows)('%s', async (path, file) => {
          await checkFile(name, path, file);
        });
      });
    }
  },
);

async function checkFile(format: string, path: string, file: OracleFile): Promise<void> {
  const input = await inputFor(path);
  const checkpoint = await openCheckpoint(input);
  try {
    expect(checkpoint.format).toBe(format);
    expect(new Set(checkpoint.tensors.map(({ name }) => name)).size).toBe(checkpoint.tensors.length);
    const found = await describeAll(checkpoint, file.tensors as Readonly<Record<string, TensorExtras>>);
    const expected = expectedRows(file);
    if (file.listed === 'some') {
      for (const name of found.keys()) if (!expected.has(name)) found.delete(name);
    }
    expect(byName(found)).toEqual(byName(expected));
    for (const tensor of checkpoint.tensors) {
      checkExtras(tensor, (file.tensors[tensor.name] ?? {}) as TensorExtras);
    }
  } finally {
    for (const source of checkpoint.sources) await source.close();
  }
}

describe.skipIf(!hasOracles)(
  'every oracle file is claimed by the format that it is of, and by no other',
  () => {
    const files = hasOracles ? Object.entries(readOracles().files) : [];
    it.each(files)('%s', async (path, file) => {
      const input = await inputFor(path);
      const claimants: string[] = [];
      for (const format of FORMATS) if (await format.claims(input)) claimants.push(format.name);
      const owner = Object.entries(COVERED).find(([, kinds]) => kinds.includes(file.format))?.[0];
      // kinds that nobody covers yet may be claimed by a format that is still to say so
      if (owner !== undefined) expect(claimants).toEqual([owner]);
      else expect(claimants.length).toBeLessThanOrEqual(1);
      if (input.kind === 'file') await input.source.close();
    });
  },
);
