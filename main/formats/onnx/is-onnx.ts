import { pagedSource } from '#main/bytes/paged-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { varintAt } from '#main/encodings/protobuf/message-span.ts';

/** Wire types of ModelProto's fields that tell it from other messages. */
const WIRES: ReadonlyMap<number, number> = new Map([
  [1, 0],
  [2, 2],
  [3, 2],
  [4, 2],
  [5, 0],
  [6, 2],
  [7, 2],
  [8, 2],
  [14, 2],
  [20, 2],
  [25, 2],
]);
const IR_VERSION = 1;
const GRAPH = 7;
/** GraphProto's fields, all of which are made of bytes. */
const GRAPH_FIELDS: ReadonlySet<bigint> = new Set([1n, 2n, 5n, 10n, 11n, 12n, 13n, 14n, 15n, 16n]);
/** Two varints. */
const LOOK_BYTES = 20;
/** Fields that are looked at: models have a few, and some hundreds of functions. */
const MOST_FIELDS = 20_000;

/** Whether the bytes are a ModelProto with a version and a graph, as far as they go: one that is cut short is ours to name. */
export async function isModel(file: ByteSource): Promise<boolean> {
  const source = pagedSource(file, { pageBytes: 4096, pages: 8 });
  let hasVersion = false;
  let hasGraph = false;
  let at = 0;
  for (let count = 0; at < source.byteLength && count < MOST_FIELDS; count++) {
    const bytes = await source.read(at, Math.min(LOOK_BYTES, source.byteLength - at));
    const tag = varintAt(bytes, 0);
    if (!tag) break;
    const number = Number(tag.value >> 3n);
    const wire = Number(tag.value & 7n);
    if (number === 0 || (WIRES.get(number) ?? wire) !== wire) return false;
    if (wire === 1 || wire === 5) {
      at += tag.end + (wire === 1 ? 8 : 4);
      continue;
    }
    if (wire !== 0 && wire !== 2) return false;
    const value = varintAt(bytes, tag.end);
    if (!value) break;
    if (number === IR_VERSION) hasVersion = value.value > 0n && value.value < 1000n;
    at += value.end;
    if (wire !== 2) continue;
    if (number === GRAPH) {
      if (value.value > 0n && !(await beginsAsGraph(source, at))) return false;
      hasGraph = true;
    }
    if (value.value > BigInt(source.byteLength - at)) break;
    at += Number(value.value);
  }
  return hasVersion && hasGraph;
}

async function beginsAsGraph(source: ByteSource, at: number): Promise<boolean> {
  const tag = varintAt(await source.read(at, Math.min(LOOK_BYTES, source.byteLength - at)), 0);
  return tag === undefined || ((tag.value & 7n) === 2n && GRAPH_FIELDS.has(tag.value >> 3n));
}
