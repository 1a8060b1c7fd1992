import type { Hash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import { dataBytes } from '#main/services/runs/data/data-bytes.ts';
import { readIdx } from '#main/services/runs/data/idx.ts';
import type { Examples } from '#main/trainer/dataset.ts';
import { AppError } from '#shared/errors.ts';

/** `train-images-idx3-ubyte.gz` has its labels in `train-labels-idx1-ubyte.gz`; undefined where the name says no images. */
export function labelsBeside(images: string): string | undefined {
  const name = basename(images);
  const labels = name.replace('images', 'labels').replace('idx3', 'idx1');
  return labels === name ? undefined : join(dirname(images), labels);
}

/** Images with the labels that lie beside them. @param hash takes in the bytes of both. */
export async function idxExamples(imagePath: string, labelPath: string, hash: Hash): Promise<Examples> {
  const [imageBytes, labelBytes] = await Promise.all([dataBytes(imagePath), dataBytes(labelPath)]);
  hash.update(imageBytes).update(labelBytes);
  const name = basename(imagePath);
  const images = readIdx(imageBytes, name);
  const labels = readIdx(labelBytes, basename(labelPath));
  const count = images.shape[0] ?? 0;
  if (labels.shape.length !== 1 || labels.elements.length !== count) {
    throw new AppError('corrupt', 'there are not as many labels as examples', {
      file: name,
      expected: `${count} labels`,
      found: `[${labels.shape.join(', ')}]`,
    });
  }
  return {
    name,
    count,
    width: count === 0 ? 0 : images.elements.length / count,
    inputs: bytesOrFloats(images.elements),
    targetWidth: 1,
    targets: bytesOrFloats(labels.elements),
  };
}

function bytesOrFloats(elements: Uint8Array | Float64Array): Uint8Array | Float32Array {
  return elements instanceof Uint8Array ? elements : Float32Array.from(elements);
}
