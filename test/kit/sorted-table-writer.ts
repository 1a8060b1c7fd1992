import { crc32c, maskCrc32c } from '#main/bytes/crc32c.ts';

export interface TableToWrite {
  readonly entries: readonly (readonly [key: string | Uint8Array, value: Uint8Array])[];
  /** Entries to a data block. */
  readonly perBlock?: number;
  /** Blocks as snappy stores what it cannot compress: literals. */
  readonly isSnappy?: boolean;
  /** What the blocks say about their compression, where it is not the truth. */
  readonly statedKind?: number;
}

/** A sorted table as google/leveldb's doc/table_format.md describes it. */
export function writeTable({
  entries,
  perBlock = 16,
  isSnappy = false,
  statedKind,
}: TableToWrite): Uint8Array {
  const parts: Uint8Array[] = [];
  let position = 0;
  const append = (content: Uint8Array): Uint8Array => {
    const stored = isSnappy ? asLiterals(content) : content;
    const trailer = new Uint8Array(5);
    trailer[0] = statedKind ?? (isSnappy ? 1 : 0);
    const crc = maskCrc32c(crc32c(trailer.subarray(0, 1), crc32c(stored)));
    new DataView(trailer.buffer).setUint32(1, crc, true);
    const handle = Uint8Array.of(...varint(position), ...varint(stored.byteLength));
    parts.push(stored, trailer);
    position += stored.byteLength + trailer.byteLength;
    return handle;
  };

  const index: [Uint8Array, Uint8Array][] = [];
  for (let first = 0; first < entries.length; first += perBlock) {
    const block = entries
      .slice(first, first + perBlock)
      .map(([key, value]) => [bytesOf(key), value] as const);
    index.push([block.at(-1)[0], append(blockOf(block))]);
  }
  const meta = append(blockOf([]));
  const footer = new Uint8Array(48);
  footer.set([...meta, ...append(blockOf(index))]);
  footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
  return Uint8Array.from(Buffer.concat([...parts, footer]));
}

/** Every second key stands whole, so that prefixes are shared and restarts are there. */
function blockOf(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  const bytes: number[] = [];
  const restarts: number[] = [];
  entries.forEach(([key, value], at) => {
    const isWhole = at % 2 === 0;
    if (isWhole) restarts.push(bytes.length);
    const before = isWhole ? new Uint8Array(0) : entries[at - 1]![0];
    let shared = 0;
    while (shared < Math.min(before.length, key.length) && before[shared] === key[shared]) shared++;
    bytes.push(...varint(shared), ...varint(key.length - shared), ...varint(value.length));
    for (const byte of key.subarray(shared)) bytes.push(byte);
    for (const byte of value) bytes.push(byte);
  });
  if (restarts.length === 0) restarts.push(0);
  for (const number of [...restarts, restarts.length]) bytes.push(...u32(number));
  return Uint8Array.from(bytes);
}

function asLiterals(content: Uint8Array): Uint8Array {
  const out = [...varint(content.length)];
  for (let begin = 0; begin < content.length; begin += 60) {
    const literal = content.subarray(begin, begin + 60);
    out.push((literal.length - 1) << 2, ...literal);
  }
  return Uint8Array.from(out);
}

export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

function u32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

function bytesOf(key: string | Uint8Array): Uint8Array {
  return typeof key === 'string' ? new TextEncoder().encode(key) : key;
}
