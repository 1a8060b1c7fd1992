// NumPy .npy format 1.0 as numpy/lib/_format_impl.py writes it, and .npz as numpy.savez names its members.
import { crc32 } from '#main/bytes/crc32.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import { layOutZip, zipDirectoryFor, zipHeaderFor } from '#main/encodings/zip/write-zip.ts';
import type { TensorToSave } from '#main/formats/contract.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

const PREFIX_BYTES = 10;
const ALIGNMENT = 64;
/** NumPy leaves room for the first dimension to grow to this many digits in place. */
const GROWTH_DIGITS = 21;

/** A member up to this length is held while its CRC-32 is taken; a longer one is read twice. */
const HELD_BYTES = 16 * 1024 * 1024;

/**
 * One array as an `.npy` file, in pieces of at most 1 MiB.
 * @throws AppError `unsupported` for a dtype that NumPy does not have, `invalid-params` for values that do not fit their shape.
 */
export async function* npyChunks(tensor: TensorToSave): AsyncGenerator<Uint8Array, void, undefined> {
  yield npyHeader(tensor);
  yield* windows(tensor);
}

/**
 * Arrays as a stored, uncompressed `.npz` archive, in pieces of at most 1 MiB. Equal tensors give equal bytes.
 * @param isList members are called arr_0, arr_1, …; else each has its tensor's name.
 * @throws AppError as `npyChunks`, and `invalid-params` for names that repeat.
 */
export async function* npzChunks(
  tensors: readonly TensorToSave[],
  { isList }: { readonly isList: boolean },
): AsyncGenerator<Uint8Array, void, undefined> {
  const headers = tensors.map(npyHeader);
  const layout = layOutZip(
    tensors.map(({ name, byteLength }, index) => ({
      name: `${isList ? `arr_${index}` : name}.npy`,
      byteLength: headers[index]!.byteLength + byteLength,
    })),
  );
  const checksums: number[] = [];
  for (const [index, tensor] of tensors.entries()) {
    const isHeld = tensor.byteLength <= HELD_BYTES;
    const held: Uint8Array[] = [];
    let checksum = crc32(headers[index]!);
    for await (const window of windows(tensor)) {
      checksum = crc32(window, checksum);
      if (isHeld) held.push(window);
    }
    checksums.push(checksum);
    yield zipHeaderFor(layout.entries[index]!, checksum);
    yield headers[index]!;
    if (isHeld) yield* held;
    else yield* windows(tensor);
  }
  const directory = zipDirectoryFor(layout, checksums);
  for (let begin = 0; begin < directory.byteLength; begin += WINDOW_BYTES) {
    yield directory.subarray(begin, begin + WINDOW_BYTES);
  }
}

async function* windows(tensor: TensorToSave): AsyncGenerator<Uint8Array, void, undefined> {
  for (let begin = 0; begin < tensor.byteLength; begin += WINDOW_BYTES) {
    yield await tensor.read(begin, Math.min(WINDOW_BYTES, tensor.byteLength - begin));
  }
}

function npyHeader({ name, dtype, shape, byteLength }: TensorToSave): Uint8Array {
  const descr = descrOf(dtype, name);
  const count = elementCountOf(shape);
  if (count === undefined || byteLength !== count * elementByteLength(dtype)) {
    throw new AppError(
      'invalid-params',
      `the tensor ${name} cannot be saved: its bytes do not fit its shape`,
      {
        tensor: name,
        expected: `${dtype} [${shape.join(', ')}]`,
        found: `${byteLength} bytes`,
      },
    );
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const room = shape.length === 0 ? 0 : Math.max(0, GROWTH_DIGITS - String(shape[0]).length);
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }${' '.repeat(room)}`;
  // a header that would end exactly at the boundary gets a whole block more, as NumPy's own arithmetic has it
  const padding = ALIGNMENT - ((PREFIX_BYTES + text.length + 1) % ALIGNMENT);
  const length = text.length + padding + 1;
  const header = new Uint8Array(PREFIX_BYTES + length).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8]);
  header.set(new TextEncoder().encode(text), PREFIX_BYTES);
  header[header.byteLength - 1] = 0x0a;
  return header;
}

/** NumPy's letter for a kind of number, where its width in bytes follows. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['float', 'f'],
  ['signed', 'i'],
  ['unsigned', 'u'],
  ['bool', 'b'],
  ['complex', 'c'],
]);

/** Floats, complex numbers and integers of a width that NumPy gives another meaning, or none. */
const FOREIGN = /^(bf16|f8_|f6_|f4_|i4$|u4$|c32$)/;
const IN_SAFETENSORS = /^(bf16|f8_|f4_)/;

function descrOf(dtype: string, tensor: string): string {
  const { kind, bits } = dtypeInfo(dtype);
  const width = bits / 8;
  const letter = LETTERS.get(kind);
  if (letter !== undefined && !FOREIGN.test(dtype)) return `${width === 1 ? '|' : '<'}${letter}${width}`;
  if (kind === 'void') return `|V${width}`;
  const time = /^(datetime|timedelta)64(\[\w+\])?$/.exec(dtype);
  if (time) return `<${time[1] === 'datetime' ? 'M' : 'm'}8${time[2] ?? ''}`;
  throw new AppError('unsupported', `NumPy has no values of dtype ${dtype}`, {
    tensor,
    found: dtype,
    ...(IN_SAFETENSORS.test(dtype) ? { hint: 'safetensors can hold them' } : {}),
  });
}
