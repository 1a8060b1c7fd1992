// FlatBuffers: https://flatbuffers.dev/internals/. Tables are found by offsets from within the file; every one is checked against it.
import { FLATBUFFERS_ITEMS, FLATBUFFERS_TEXT_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

/** Where the bytes of a vector begin, and how many items it has. */
export interface FlatVector {
  /** Bytes from the beginning of the file. */
  readonly begin: number;
  readonly count: number;
}

/** Fields are numbered as in the schema, from 0; one that is left out has its default. */
export interface FlatTable {
  /** Bytes from the beginning of the file. */
  readonly position: number;
  u8(field: number, absent?: number): number;
  i8(field: number, absent?: number): number;
  i32(field: number, absent?: number): number;
  u32(field: number, absent?: number): number;
  f64(field: number, absent?: number): number;
  /** Where what the field refers to begins: a table, a vector, or a struct within a union. */
  target(field: number): number | undefined;
}

/** The file as FlatBuffers. All methods throw `corrupt` for what lies outside of the file, and `limit` once more is asked for than we read. */
export interface FlatBuffers {
  root(): Promise<FlatTable>;
  /** The table at a position, or that a field of a table refers to. */
  table(position: number): Promise<FlatTable>;
  tableIn(table: FlatTable, field: number): Promise<FlatTable | undefined>;
  textIn(table: FlatTable, field: number): Promise<string | undefined>;
  /** @param itemBytes of each item, so that the whole of it is known to lie in the file. */
  vectorIn(table: FlatTable, field: number, itemBytes: number): Promise<FlatVector | undefined>;
  /** The bytes of a vector's items; none where there is no vector. They count against what is read of a file. */
  items(table: FlatTable, field: number, itemBytes: number): Promise<DataView>;
  /** Positions of the tables or texts that a vector refers to. */
  references(table: FlatTable, field: number): Promise<readonly number[]>;
  textAt(position: number): Promise<string>;
  /** Bytes of a struct. */
  bytes(position: number, count: number): Promise<DataView>;
}

const VTABLE_HEAD_BYTES = 4;
const OFFSET_BYTES = 4;

/** @param source best one that keeps pages: reads are small and all over the file. */
export function flatBuffers(source: ByteSource): FlatBuffers {
  let itemsLeft = FLATBUFFERS_ITEMS;
  let textLeft = FLATBUFFERS_TEXT_BYTES;

  async function bytes(position: number, count: number): Promise<DataView> {
    if (!(position >= 0 && count >= 0 && position + count <= source.byteLength)) {
      throw damaged('refers to a place outside of the file', position, `${count} bytes in the file`);
    }
    const read = await source.read(position, count);
    return new DataView(read.buffer, read.byteOffset, read.byteLength);
  }

  function damaged(what: string, offset: number, expected: string): AppError {
    return new AppError('corrupt', `the FlatBuffers structure ${what}`, {
      file: source.name,
      offset,
      expected,
      hint: 'the file is cut short or damaged; fetch or save it again',
    });
  }

  async function table(position: number): Promise<FlatTable> {
    const vtable = position - (await bytes(position, OFFSET_BYTES)).getInt32(0, true);
    const head = await bytes(vtable, VTABLE_HEAD_BYTES);
    const vtableBytes = head.getUint16(0, true);
    const inlineBytes = head.getUint16(2, true);
    if (vtableBytes < VTABLE_HEAD_BYTES || vtableBytes % 2 !== 0 || inlineBytes < OFFSET_BYTES) {
      throw damaged('has a table whose fields make no sense', vtable, 'the lengths of two tables');
    }
    const fields = await bytes(vtable, vtableBytes);
    const inline = await bytes(position, inlineBytes);
    /** Bytes from the table's beginning; undefined where the field is left out. */
    const placeOf = (field: number, width: number): number | undefined => {
      const at = VTABLE_HEAD_BYTES + 2 * field;
      const place = at + 2 <= vtableBytes ? fields.getUint16(at, true) : 0;
      if (place === 0) return undefined;
      if (place + width <= inlineBytes) return place;
      throw damaged('has a field outside of its table', position, `a field within ${inlineBytes} bytes`);
    };
    const scalar =
      (width: number, read: (view: DataView, at: number) => number) =>
      (field: number, absent = 0): number => {
        const place = placeOf(field, width);
        return place === undefined ? absent : read(inline, place);
      };
    return {
      position,
      u8: scalar(1, (view, at) => view.getUint8(at)),
      i8: scalar(1, (view, at) => view.getInt8(at)),
      i32: scalar(4, (view, at) => view.getInt32(at, true)),
      u32: scalar(4, (view, at) => view.getUint32(at, true)),
      f64: scalar(8, (view, at) => view.getFloat64(at, true)),
      target: (field) => {
        const place = placeOf(field, OFFSET_BYTES);
        return place === undefined ? undefined : position + place + inline.getUint32(place, true);
      },
    };
  }

  async function vectorAt(position: number, itemBytes: number): Promise<FlatVector> {
    const count = (await bytes(position, OFFSET_BYTES)).getUint32(0, true);
    const begin = position + OFFSET_BYTES;
    if (begin + count * itemBytes <= source.byteLength) return { begin, count };
    throw damaged(
      'has a vector that reaches beyond the end',
      position,
      `${count} items of ${itemBytes} bytes`,
    );
  }

  async function vectorIn(of: FlatTable, field: number, itemBytes: number): Promise<FlatVector | undefined> {
    const position = of.target(field);
    return position === undefined ? undefined : vectorAt(position, itemBytes);
  }

  async function items(of: FlatTable, field: number, itemBytes: number): Promise<DataView> {
    const vector = await vectorIn(of, field, itemBytes);
    if (!vector) return new DataView(new ArrayBuffer(0));
    itemsLeft -= vector.count;
    if (itemsLeft < 0) throw tooMuch(vector.begin, `${FLATBUFFERS_ITEMS} items of vectors`);
    return bytes(vector.begin, vector.count * itemBytes);
  }

  function tooMuch(offset: number, most: string): AppError {
    return new AppError('limit', 'the FlatBuffers structure holds more than we read', {
      file: source.name,
      offset,
      expected: `at most ${most}`,
    });
  }

  async function textAt(position: number): Promise<string> {
    const { begin, count } = await vectorAt(position, 1);
    textLeft -= count;
    if (textLeft < 0) throw tooMuch(begin, `${FLATBUFFERS_TEXT_BYTES} bytes of text`);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await bytes(begin, count));
  }

  return {
    bytes,
    table,
    vectorIn,
    items,
    textAt,
    root: async () => table((await bytes(0, OFFSET_BYTES)).getUint32(0, true)),
    tableIn: async (of, field) => {
      const position = of.target(field);
      return position === undefined ? undefined : table(position);
    },
    textIn: async (of, field) => {
      const position = of.target(field);
      return position === undefined ? undefined : textAt(position);
    },
    references: async (of, field) => {
      const vector = await vectorIn(of, field, OFFSET_BYTES);
      const offsets = await items(of, field, OFFSET_BYTES);
      return Array.from(
        { length: vector?.count ?? 0 },
        (_, index) => vector!.begin + OFFSET_BYTES * index + offsets.getUint32(OFFSET_BYTES * index, true),
      );
    },
  };
}
