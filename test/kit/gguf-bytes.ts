/** GGUF files byte by byte, right or wrong as the test wants them. */

/** Type number and value; arrays take the type of their items. */
export type GgufValue =
  | { readonly type: number; readonly value: number | bigint | string }
  | {
      readonly items: number;
      readonly values: readonly (number | bigint | string)[];
      readonly statedCount?: bigint;
    }
  /** Empty arrays within each other, so many. */
  | { readonly nested: number };

export interface GgufTensor {
  readonly name: string;
  /** Innermost first, as in the file. */
  readonly dims: readonly (number | bigint)[];
  readonly type: number;
  readonly offset: number | bigint;
}

export interface GgufParts {
  readonly version?: number;
  readonly bigEndian?: boolean;
  readonly pairs?: readonly (readonly [key: string | Uint8Array, value: GgufValue])[];
  readonly tensors?: readonly GgufTensor[];
  readonly tensorCount?: bigint;
  readonly pairCount?: bigint;
  readonly alignment?: number;
  /** Behind the padding. */
  readonly data?: Uint8Array;
}

const WIDTHS: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

export function ggufBytes(parts: GgufParts): Uint8Array {
  const {
    version = 3,
    bigEndian = false,
    pairs = [],
    tensors = [],
    alignment = 32,
    data = new Uint8Array(0),
  } = parts;
  const out: number[] = [];
  const view = new DataView(new ArrayBuffer(8));
  const push = (width: number, set: () => void): void => {
    set();
    for (let at = 0; at < width; at++) out.push(view.getUint8(at));
  };
  const integer = (width: number, value: number | bigint): void => {
    const bits = BigInt.asUintN(8 * width, BigInt(value));
    for (let at = 0; at < width; at++) {
      const digit = bigEndian ? width - 1 - at : at;
      out.push(Number((bits >> BigInt(8 * digit)) & 0xffn));
    }
  };
  const count = (value: number | bigint): void => integer(version === 1 ? 4 : 8, value);
  const text = (value: string | Uint8Array): void => {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    count(bytes.byteLength);
    out.push(...bytes);
  };
  const scalar = (type: number, value: number | bigint | string): void => {
    if (type === 8) text(String(value));
    else if (type === 6) push(4, () => view.setFloat32(0, Number(value), !bigEndian));
    else if (type === 12) push(8, () => view.setFloat64(0, Number(value), !bigEndian));
    else integer(WIDTHS[type] ?? 0, BigInt(value));
  };

  out.push(0x47, 0x47, 0x55, 0x46);
  integer(4, version);
  count(parts.tensorCount ?? BigInt(tensors.length));
  count(parts.pairCount ?? BigInt(pairs.length));
  for (const [key, value] of pairs) {
    text(key);
    if ('items' in value) {
      integer(4, 9);
      integer(4, value.items);
      count(value.statedCount ?? BigInt(value.values.length));
      for (const item of value.values) scalar(value.items, item);
    } else if ('nested' in value) {
      integer(4, 9);
      for (let level = 1; level < value.nested; level++) {
        integer(4, 9);
        count(1);
      }
      integer(4, 0);
      count(0);
    } else {
      integer(4, value.type);
      scalar(value.type, value.value);
    }
  }
  for (const { name, dims, type, offset } of tensors) {
    text(name);
    integer(4, dims.length);
    for (const dimension of dims) count(dimension);
    integer(4, type);
    integer(8, offset);
  }
  while (tensors.length > 0 && out.length % alignment !== 0) out.push(0);
  const bytes = new Uint8Array(out.length + data.byteLength);
  bytes.set(out);
  bytes.set(data, out.length);
  return bytes;
}
