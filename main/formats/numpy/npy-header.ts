// NumPy .npy format 1.0 to 3.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { NPY_HEADER_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { dimensionsOf, parseDescr } from '#main/encodings/ndarray/array-dtype.ts';
import { parseLiteral, type LiteralDict } from '#main/encodings/ndarray/literal.ts';
import type { ArrayLayout } from '#main/encodings/ndarray/ndarray.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

export interface NpyHeader {
  /** "1.0", "2.0" or "3.0". */
  readonly version: string;
  readonly layout: ArrayLayout;
  /** Bytes from the start of the source. */
  readonly dataOffset: number;
  readonly problems: readonly Problem[];
}

/** Most headers are 128 bytes with their magic: one read has them whole. */
const FIRST_READ_BYTES = 256;
const KEYS = ['descr', 'fortran_order', 'shape'] as const;

/**
 * Reads a header in one read, two where it is long.
 * @throws AppError `corrupt`, `unsupported` or `limit` with the offset of the header.
 */
export async function readNpyHeader(source: ByteSource): Promise<NpyHeader> {
  const head = await source.read(0, Math.min(FIRST_READ_BYTES, source.byteLength));
  const fault = (message: string, expected: string, found: string): AppError =>
    new AppError('corrupt', message, { file: source.name, offset: 0, expected, found });
  if (head.byteLength < 10 || !NPY_MAGIC.every((byte, index) => head[index] === byte)) {
    throw fault('this is no .npy array', 'the magic \\x93NUMPY', `${source.byteLength} other bytes`);
  }
  const [major, minor] = [head[6]!, head[7]!];
  const version = `${major}.${minor}`;
  if (major < 1 || major > 3) {
    throw new AppError('unsupported', `the array is of .npy format ${version}`, {
      file: source.name,
      offset: 6,
      expected: 'format 1.0 to 3.0',
      found: version,
    });
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const begin = major === 1 ? 10 : 12;
  if (head.byteLength < begin)
    throw fault('the .npy header is cut short', `${begin} bytes`, `${head.byteLength}`);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > NPY_HEADER_BYTES) {
    throw new AppError('limit', 'the .npy header is longer than we read', {
      file: source.name,
      expected: `at most ${NPY_HEADER_BYTES} bytes`,
      found: `${length} bytes`,
    });
  }
  if (begin + length > source.byteLength) {
    throw fault('the .npy header is cut short', `${length} bytes`, `${source.byteLength - begin} bytes`);
  }
  const isWhole = begin + length <= head.byteLength;
  const bytes = isWhole ? head.subarray(begin, begin + length) : await source.read(begin, length);
  const problems: Problem[] = [];
  try {
    const layout = layoutOf(headerText(bytes, major), problems);
    return { version, layout, dataOffset: begin + length, problems };
  } catch (error) {
    throw error instanceof AppError ? error.with({ file: source.name, offset: begin }) : error;
  }
}

function headerText(bytes: Uint8Array, major: number): string {
  if (major < 3) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new AppError('corrupt', 'the .npy header is not UTF-8', {}, error);
  }
}

function layoutOf(text: string, problems: Problem[]): ArrayLayout {
  const header = parseLiteral(text);
  const isDict = typeof header === 'object' && header !== null && header.kind === 'dict';
  if (!isDict) throw new AppError('corrupt', 'the .npy header is no dict');
  const { entries } = header satisfies LiteralDict;
  for (const key of KEYS) {
    if (!entries.has(key))
      throw new AppError('corrupt', `the .npy header lacks ${key}`, { expected: KEYS.join(', ') });
  }
  const extra = [...entries.keys()].filter((key) => !(KEYS as readonly string[]).includes(key));
  if (extra.length > 0) {
    problems.push({
      code: 'npy-header',
      message: `the header has more than NumPy allows: ${extra.join(', ')}`,
    });
  }
  const isFortran = entries.get('fortran_order');
  if (typeof isFortran !== 'boolean') {
    throw new AppError('corrupt', 'fortran_order of the .npy header is neither True nor False');
  }
  return { dtype: parseDescr(entries.get('descr')!), shape: dimensionsOf(entries.get('shape')!), isFortran };
}
