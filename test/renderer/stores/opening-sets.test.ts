import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useNotices } from '#renderer/stores/notices.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';

let page: PageEngine;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-sets-'));
  page = await connectPage({ dataFolder: join(folder, 'data') });
});
afterEach(async () => {
  await page.close();
  rmSync(folder, { recursive: true, force: true });
});

const names = () => useCheckpoints().open.map(({ name }) => name);
const granted = (paths: readonly string[]) => paths.map((path) => page.engine.grant(path));

function writeTensor(name: string, tensor: string): string {
  const path = join(folder, name);
  const bytes = new Uint8Array(Float32Array.of(1, 2).buffer);
  writeFileSync(path, plainSafetensors([{ name: tensor, dtype: 'F32', shape: [2], bytes }]));
  return path;
}

/** Two shards and their index, laid out as Hugging Face does. */
function writeShards(): { readonly index: string; readonly shards: readonly string[] } {
  const shards = [1, 2].map((part) =>
    writeTensor(`model-0000${part}-of-00002.safetensors`, `layers.${part}.weight`),
  );
  const index = join(folder, 'model.safetensors.index.json');
  writeFileSync(
    index,
    JSON.stringify({
      metadata: { total_size: 16 },
      weight_map: {
        'layers.1.weight': 'model-00001-of-00002.safetensors',
        'layers.2.weight': 'model-00002-of-00002.safetensors',
      },
    }),
  );
  return { index, shards };
}

test('shards that come together with their index open once, under the name of the index', async () => {
  const { index, shards } = writeShards();
  const opened = await useCheckpoints().openFiles(granted([...shards, index]));
  expect(names()).toEqual(['model.safetensors.index.json']);
  expect(opened).toHaveLength(1);
  expect(opened[0]!.summary.tensors.map(({ name }) => name)).toEqual(['layers.1.weight', 'layers.2.weight']);
});

test('a file whose set is open already shows that one, whichever of its files it was opened by', async () => {
  const { index, shards } = writeShards();
  const checkpoints = useCheckpoints();
  await checkpoints.openFiles(granted([shards[0]!]));
  await checkpoints.openFiles(granted([writeTensor('other.safetensors', 'w')]));
  await checkpoints.openFiles(granted([shards[1]!]));
  await checkpoints.openFiles(granted([index]));
  expect(names()).toEqual(['model-00001-of-00002.safetensors', 'other.safetensors']);
  expect(checkpoints.current?.name).toBe('model-00001-of-00002.safetensors');
  expect(useNotices().notices).toEqual([]);
});

test('the parts of a TensorFlow checkpoint open once', async () => {
  const fixtures = 'test/fixtures/tensorflow/sharded';
  const parts = ['00000', '00001', '00002'].map((part) => `${fixtures}/model.ckpt-7-${part}-of-00003`);
  await useCheckpoints().openFiles(granted(parts));
  expect(names()).toEqual(['model.ckpt-7-00000-of-00003']);
});

test('files of one name from two places are two checkpoints', async () => {
  const here = writeTensor('mlp.params', 'w');
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  const there = join(elsewhere, 'mlp.params');
  copyFileSync(here, there);
  await useCheckpoints().openFiles(granted([here, there]));
  expect(names()).toEqual(['mlp.params', 'mlp.params']);
});

test('a file that is opened again is one, read anew', async () => {
  const path = writeTensor('some.safetensors', 'before');
  const checkpoints = useCheckpoints();
  await checkpoints.openFiles(granted([path]));
  writeTensor('some.safetensors', 'and-after');
  await checkpoints.openFiles(granted([path]));
  expect(names()).toEqual(['some.safetensors']);
  expect(checkpoints.current?.summary.tensors.map(({ name }) => name)).toEqual(['and-after']);
});
