import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

import { makeSafetensors } from '#test/bench/data.ts';
import { FOLDER } from '#test/bench/engines.ts';

/** Tensors of 1024 by 1024 f32: 256 MiB in all. */
export const TENSORS = 64;
const ROWS = 1024;
const TENSOR_BYTES = 4 * ROWS * ROWS;
/** A chunk is 256 whole rows. */
const CHUNK_ROWS = 256;
const CHUNK_BYTES = 4 * CHUNK_ROWS * ROWS;
/** What is usual where files are written more often than read. */
const LEVEL = 1;

/** Where packed bytes lie, and how they are packed: what a floor has to unpack. */
export interface Piece {
  readonly path: string;
  readonly offset: number;
  readonly byteLength: number;
}

/** The values as plain f32, one tensor after the other; their lower halves are zeros, as in weights that were trained in bf16. Kept between runs. */
export function makeValues(): string {
  const path = join(FOLDER, 'encoded-values.f32');
  if (existsSync(path)) return path;
  const halves = join(FOLDER, 'encoded-values.safetensors');
  makeSafetensors(halves, { sizes: new Array<number>(TENSORS).fill(ROWS * ROWS), seed: 11, dtype: 'bf16' });
  const bytes = readFileSync(halves).subarray(-(TENSORS * TENSOR_BYTES) / 2);
  const codes = new Uint16Array(Uint8Array.from(bytes).buffer);
  writeFileSync(`${path}.part`, new Uint8Array(Uint32Array.from(codes, (code) => code << 16).buffer));
  finish(path);
  return path;
}

/** What is there under its own name is whole. */
function finish(path: string): void {
  rmSync(path, { recursive: true, force: true });
  renameSync(`${path}.part`, path);
}

/** A folder of zarr version 2 whose chunks are packed with gzip. @returns its folder. */
export function makeZarr(values: string): string {
  const path = join(FOLDER, 'encoded-gzip');
  if (existsSync(path)) return path;
  const bytes = readFileSync(values);
  const array = {
    zarr_format: 2,
    ...{ shape: [ROWS, ROWS], chunks: [CHUNK_ROWS, ROWS], dtype: '<f4', order: 'C', fill_value: 0 },
    ...{ filters: null, compressor: { id: 'gzip', level: LEVEL } },
  };
  for (let tensor = 0; tensor < TENSORS; tensor++) {
    const folder = join(`${path}.part`, `layer${tensor}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '.zarray'), JSON.stringify(array));
    for (let row = 0; row < ROWS; row += CHUNK_ROWS) {
      const at = tensor * TENSOR_BYTES + 4 * row * ROWS;
      const packed = gzipSync(bytes.subarray(at, at + CHUNK_BYTES), { level: LEVEL });
      writeFileSync(join(folder, `${row / CHUNK_ROWS}.0`), packed);
    }
  }
  writeFileSync(join(`${path}.part`, '.zgroup'), JSON.stringify({ zarr_format: 2 }));
  finish(path);
  return path;
}

/** Every chunk of such a folder, whoever has written it. */
export function zarrPieces(folder: string): Piece[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(folder, name)).map((chunk) => join(folder, name, chunk)))
    .filter((path) => /[0-9.]+$/.test(path))
    .map((path) => ({ path, offset: 0, byteLength: Infinity }));
}

/** An archive of `.npy` members packed with deflate. */
export function makeNpz(values: string): string {
  const path = join(FOLDER, 'encoded.npz');
  if (existsSync(path)) return path;
  const bytes = readFileSync(values);
  const file = openSync(`${path}.part`, 'w');
  const head = npyHead();
  const directory: Buffer[] = [];
  let offset = 0;
  for (let tensor = 0; tensor < TENSORS; tensor++) {
    const begin = tensor * TENSOR_BYTES;
    const member = Buffer.concat([head, bytes.subarray(begin, begin + TENSOR_BYTES)]);
    const packed = deflateRawSync(member, { level: LEVEL });
    const name = Buffer.from(`layer${tensor}.npy`);
    const fields = memberFields(crc32(member), packed.byteLength, member.byteLength, name.byteLength);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), fields, name]);
    directory.push(Buffer.from('504b01021400', 'hex'), fields, Buffer.alloc(10), u32(offset), name);
    writeSync(file, local);
    writeSync(file, packed);
    offset += local.byteLength + packed.byteLength;
  }
  const central = Buffer.concat(directory);
  writeSync(file, central);
  const counts = Buffer.alloc(4);
  counts.writeUInt16LE(TENSORS, 0);
  counts.writeUInt16LE(TENSORS, 2);
  const end = [
    Buffer.from('504b050600000000', 'hex'),
    counts,
    u32(central.byteLength),
    u32(offset),
    Buffer.alloc(2),
  ];
  writeSync(file, Buffer.concat(end));
  closeSync(file);
  finish(path);
  return path;
}

/** The packed members of such an archive, from its local headers. */
export function npzPieces(path: string): Piece[] {
  const bytes = readFileSync(path);
  const pieces: Piece[] = [];
  for (let at = 0; bytes.readUInt32LE(at) === 0x04034b50;) {
    const byteLength = bytes.readUInt32LE(at + 18);
    const offset = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    pieces.push({ path, offset, byteLength });
    at = offset + byteLength;
  }
  return pieces;
}

function npyHead(): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${ROWS}, ${ROWS}), }`;
  const padded = `${text.padEnd(117)}\n`;
  return Buffer.concat([
    Buffer.from('934e554d50590100', 'hex'),
    Buffer.from([padded.length, 0]),
    Buffer.from(padded),
  ]);
}

/** What both headers of a member have in common, from the version needed on to the length of the extra field. */
function memberFields(checksum: number, packed: number, unpacked: number, name: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  // deflate
  fields.writeUInt16LE(8, 4);
  // 1 January 1980
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(checksum, 10);
  fields.writeUInt32LE(packed, 14);
  fields.writeUInt32LE(unpacked, 18);
  fields.writeUInt16LE(name, 22);
  return fields;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
