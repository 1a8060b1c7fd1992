/** Genuine files from public repositories, which come without expected values: they open, and agree with each other. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderOf } from '#main/bytes/folder.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { digestOf } from '#test/kit/digest.ts';
import { hasSamples, SAMPLES } from '#test/kit/shared-files.ts';

/** Folders of samples by the name of the format that opens them. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  gguf: ['gguf', 'gguf-quantised'],
  keras: ['keras-hdf5', 'keras-zip'],
  mxnet: ['mxnet'],
  numpy: ['numpy'],
  pytorch: ['pytorch', 'pytorch-protocols', 'pytorch-training-state'],
  safetensors: ['safetensors'],
  tensorflow: ['tensorflow-three-steps', 'tensorflow-two-shards'],
};
/** Of another format, though they lie there; or no file of any. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'pytorch/multi_layer.safetensors',
  'pytorch/broken.pt',
  'gguf-quantised/ref.f32',
  'gguf-quantised/ref.txt',
  'keras-hdf5/simple_lstm_tf_keras_1_inputs_and_outputs.h5',
  'keras-hdf5/simple_lstm_tf_keras_2_inputs_and_outputs.h5',
  'keras-hdf5/simple_lstm_th_keras_1_inputs_and_outputs.h5',
]);

/** What is odd about a genuine file. */
const ODDITIES: ReadonlyMap<string, readonly string[]> = new Map([
  // a zero byte after the pickle
  ['numpy/py2-np0-objarr.npy', ['trailing-bytes']],
]);

/** Tensors by name with dtype, shape and digest; and what was found wrong. */
async function contentOf(
  path: string,
): Promise<{ format: string; rows: unknown[]; problems: readonly string[] }> {
  const full = `${SAMPLES}${path}`;
  const checkpoint = await openCheckpoint(await fileInput(await fileSource(full), folderOf(full)));
  const rows: unknown[] = [];
  for (const tensor of checkpoint.tensors) {
    rows.push([tensor.name, tensor.dtype, tensor.shape, await digestOf(tensor, checkpoint.sources)]);
  }
  for (const source of checkpoint.sources) await source.close();
  return { format: checkpoint.format, rows, problems: checkpoint.problems.map(({ code }) => code) };
}

describe.skipIf(!hasSamples)(
  'samples open without a problem but for those known, every value readable',
  () => {
    for (const [format, folders] of Object.entries(FOLDERS)) {
      const paths = hasSamples
        ? folders.flatMap((folder) => readdirSync(`${SAMPLES}${folder}`).map((name) => `${folder}/${name}`))
        : [];
      it.each(paths.filter((path) => !ELSEWHERE.has(path)))('%s', async (path) => {
        const content = await contentOf(path);
        expect(content.format).toBe(format);
        expect(content.problems).toEqual(ODDITIES.get(path) ?? []);
        for (const row of content.rows)
          expect(row).toEqual(expect.arrayContaining([expect.stringMatching(/^[0-9a-f]{64}$/)]));
      });
    }
  },
);

describe.skipIf(!hasSamples)('files that hold the same say the same', () => {
  const check = (what: string, [first, ...others]: readonly [string, ...string[]]): void => {
    it(what, async () => {
      const { rows } = await contentOf(first);
      expect(rows.length).toBeGreaterThan(0);
      for (const other of others) expect((await contentOf(other)).rows, other).toEqual(rows);
    });
  };
  const protocols = [1, 2, 3, 4, 5].flatMap((protocol) => [
    `pytorch-protocols/tensor_bfloat16_proto${protocol}.pt`,
    `pytorch-protocols/tensor_bfloat16_proto${protocol}_zip.pt`,
  ]);
  check('five protocols, stream and zip', protocols as [string, ...string[]]);
  check('bool as stream and as zip', [
    'pytorch-protocols/tensor_bool_proto2.pt',
    'pytorch-protocols/tensor_bool_proto2_zip.pt',
  ]);
  const layouts = [
    'little_endian_standard',
    'little_endian_fortran',
    'big_endian_standard',
    'big_endian_fortran',
  ];
  for (const dtype of ['f64', 'c64']) {
    check(
      `${dtype} in every byte and memory order`,
      layouts.map((layout) => `numpy/example_${dtype}_${layout}.npy`) as [string, ...string[]],
    );
  }
});
