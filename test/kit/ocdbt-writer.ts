// OCDBT databases by hand, uncompressed: google/tensorstore tensorstore/kvstore/ocdbt/index.rst.
import { crc32c } from '#main/bytes/crc32c.ts';

export const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
};
const varints = (values: readonly number[]): number[] => values.flatMap(varint);
const text = (value: string): number[] => [...Buffer.from(value)];

/** Magic number, length, version, compression, body, checksum. */
export function sealed(magic: number, body: readonly number[], version = 0, compression = 0): Uint8Array {
  const inner = [...varint(version), ...varint(compression), ...body];
  const out = new DataView(new ArrayBuffer(12 + inner.length + 4));
  out.setUint32(0, magic);
  out.setBigUint64(4, BigInt(out.byteLength), true);
  const bytes = new Uint8Array(out.buffer);
  bytes.set(inner, 12);
  out.setUint32(12 + inner.length, crc32c(bytes.subarray(0, 12 + inner.length)), true);
  return bytes;
}

/** Paths one by one, without what they have in common taken off. */
export const fileTable = (paths: readonly string[]): number[] => [
  ...varint(paths.length),
  ...varints(paths.slice(1).map(() => 0)),
  ...varints(paths.map((path) => Buffer.byteLength(path))),
  ...varints(paths.map(() => 0)),
  ...paths.flatMap(text),
];

export interface Root {
  readonly file: string;
  readonly byteLength: number;
  readonly height?: number;
}

export function manifest({ file, byteLength, height = 0 }: Root): Uint8Array {
  return sealed(0x0cdb3a2a, [
    ...new Array<number>(16).fill(7),
    ...varints([0, 100, 8_000_000]),
    4,
    ...varint(0),
    ...fileTable([file]),
    // one version: generation, height, place, statistics, time
    ...varint(1),
    ...varint(5),
    height,
    ...varints([0, 0, byteLength, 1, byteLength, 0]),
    ...new Array<number>(8).fill(0),
    ...varint(0),
  ]);
}

export interface Leaf {
  readonly files?: readonly string[];
  /** In order. Values in the node, or places in files. */
  readonly entries: readonly (readonly [
    key: string,
    value: Uint8Array | { file: number; offset: number; byteLength: number },
  ])[];
  readonly height?: number;
  readonly prefixes?: readonly number[];
}

export function leaf({ files = [], entries, height = 0, prefixes }: Leaf): Uint8Array {
  const values = entries.map(([, value]) => value);
  const inline = values.filter((value): value is Uint8Array => value instanceof Uint8Array);
  const outside = values.flatMap((value) => (value instanceof Uint8Array ? [] : [value]));
  return sealed(0x0cdb20de, [
    height,
    ...fileTable(files),
    ...varint(entries.length),
    ...varints(prefixes ?? entries.slice(1).map(() => 0)),
    ...varints(entries.map(([key]) => Buffer.byteLength(key))),
    ...entries.flatMap(([key]) => text(key)),
    ...varints(values.map((value) => value.byteLength)),
    ...varints(values.map((value) => (value instanceof Uint8Array ? 0 : 1))),
    ...varints(outside.map(({ file }) => file)),
    ...varints(outside.map(({ offset }) => offset)),
    ...inline.flatMap((value) => [...value]),
  ]);
}
