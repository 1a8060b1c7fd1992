import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { rejection } from '#test/kit/rejection.ts';

const HEADS = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/named/heads.json', import.meta.url)), 'utf8'),
) as Readonly<Record<string, { readonly byteLength: number; readonly head: string }>>;

/** The file as long as it was; what is behind its head is of no account. */
function contentOf(name: string): Uint8Array {
  const { byteLength, head } = HEADS[name]!;
  const bytes = new Uint8Array(byteLength).fill(0x3f);
  bytes.set(Buffer.from(head, 'base64'));
  return bytes;
}

const NAMES: Readonly<Record<string, string>> = {
  'network.mlmodel': 'a Core ML model',
  'program.mlmodel': 'a Core ML model',
  'weight.bin': 'a weight file of a Core ML package',
  'v2.caffemodel': 'a Caffe model',
  'v2-unnamed.caffemodel': 'a Caffe model',
  'v1.caffemodel': 'a Caffe model',
  'mindspore.ckpt': 'a MindSpore checkpoint',
  'yolov3.weights': 'a weight file of a Darknet network',
  'alexnet.weights': 'a weight file of a Darknet network',
  'tensor.t7': 'a file of Torch7 (.t7)',
  'table.t7': 'a file of Torch7 (.t7)',
  'ascii.t7': 'a file of Torch7 (.t7)',
  'frozen.pb': 'a TensorFlow graph (GraphDef), whose values are constants in it',
  'double.tflite': 'a TensorFlow Lite model',
  'net.pdiparams': 'a parameter file of a PaddlePaddle program (.pdiparams)',
  'binary.pdtensor': 'a parameter file of a PaddlePaddle program (.pdiparams)',
  'net.json': 'a PaddlePaddle program',
};

describe('files of frameworks that are not read are called by their names, whatever their own', () => {
  it.each(Object.keys(HEADS))('%s', async (name) => {
    const input = await fileInput(memorySource(contentOf(name), 'mlp.params'));
    expect(await rejection(openCheckpoint(input))).toMatchObject({
      code: 'unsupported',
      message: `this is ${NAMES[name]}, which we do not read`,
      found: NAMES[name],
    });
  });

  it('a head that is cut anywhere is still a typed refusal', async () => {
    for (const name of Object.keys(HEADS)) {
      const bytes = contentOf(name);
      for (let length = 0; length < 100; length++) {
        const input = await fileInput(memorySource(bytes.subarray(0, length), 'x'));
        const { code } = await rejection(openCheckpoint(input));
        expect(['unsupported', 'unknown-format', 'corrupt']).toContain(code);
      }
    }
  });
});
