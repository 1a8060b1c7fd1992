// IValue and what it may hold, of torch/csrc/jit/serialization/mobile_bytecode.fbs.
import type { FlatBuffers, FlatTable } from '#main/encodings/flatbuffers/flatbuffers.ts';
import type { PickleNode } from '#main/encodings/pickle/nodes.ts';
import { plainText } from '#main/formats/pytorch/id-parts.ts';
import { tensorNode } from '#main/formats/pytorch/mobile/tensor-node.ts';
import { AppError } from '#shared/errors.ts';

/** Fields of IValue. */
const KIND = 0;
const VALUE = 1;

/** Fields of Object and ObjectType. */
const OBJECT_TYPE = 0;
const OBJECT_STATE = 1;
const OBJECT_ATTRIBUTES = 2;
const TYPE_NAME = 0;
const TYPE_KIND = 1;
const TYPE_ATTRIBUTES = 2;
const CLASS_WITH_FIELD = 1;

const FUNCTION_NAME = 0;
const FUNCTION_CONSTANTS = 3;

/** A class of the program. */
export interface ObjectType {
  readonly name: string;
  /** Else an object is what its state says. */
  readonly hasFields: boolean;
  readonly attributes: readonly string[];
}

export interface MobileValues {
  /** As a pickle would have them; what refers to itself does so here, too. */
  readonly nodes: readonly PickleNode[];
  /** Numbers of the values that functions have as constants, each once. */
  readonly constants: readonly number[];
}

/** A node that others are put into once all are there. */
interface Pending {
  readonly node: PickleNode;
  readonly fill: (nodes: readonly PickleNode[]) => void;
}

type Read = (
  value: FlatTable,
  types: readonly ObjectType[],
  constants: Set<number>,
) => Promise<Pending | PickleNode>;

/** Reads the classes that objects are of. @param positions of the tables. */
export async function readObjectTypes(
  file: FlatBuffers,
  positions: readonly number[],
): Promise<readonly ObjectType[]> {
  const types: ObjectType[] = [];
  for (const position of positions) {
    const table = await file.table(position);
    const attributes: string[] = [];
    for (const at of await file.references(table, TYPE_ATTRIBUTES)) attributes.push(await file.textAt(at));
    const name = (await file.textIn(table, TYPE_NAME)) ?? '?';
    types.push({ name, hasFields: table.u8(TYPE_KIND) === CLASS_WITH_FIELD, attributes });
  }
  return types;
}

/** Reads all values of a program. @param positions of the tables. @throws AppError `corrupt`, `limit`, `unsupported`. */
export async function readValues(
  file: FlatBuffers,
  positions: readonly number[],
  types: readonly ObjectType[],
): Promise<MobileValues> {
  const readers = readersOf(file);
  const nodes: PickleNode[] = [];
  const fills: Pending['fill'][] = [];
  const constants = new Set<number>();
  for (const position of positions) {
    const table = await file.table(position);
    const kind = table.u8(KIND);
    const at = table.target(VALUE);
    const read = readers[kind];
    if (kind === 0 || at === undefined) {
      nodes.push(null);
      continue;
    }
    if (!read) {
      throw new AppError(
        'unsupported',
        `the program holds a value of the kind ${kind}, which we do not know`,
        {
          offset: position,
          expected: `0 to ${readers.length - 1}`,
        },
      );
    }
    const found = STRUCTS.has(kind)
      ? await readStruct(file, kind, at)
      : await read(await file.table(at), types, constants);
    if (isPending(found)) {
      nodes.push(found.node);
      fills.push(found.fill);
    } else {
      nodes.push(found);
    }
  }
  for (const fill of fills) fill(nodes);
  return { nodes, constants: [...constants] };
}

function isPending(found: Pending | PickleNode): found is Pending {
  return typeof found === 'object' && found !== null && 'fill' in found;
}

const INT = 1;
const BOOL = 2;
const DOUBLE = 3;
const COMPLEX = 4;
const STRUCTS: ReadonlySet<number> = new Set([INT, BOOL, DOUBLE, COMPLEX]);

async function readStruct(file: FlatBuffers, kind: number, at: number): Promise<PickleNode> {
  switch (kind) {
    case INT:
      return wholeNumber((await file.bytes(at, 8)).getBigInt64(0, true));
    case BOOL:
      return (await file.bytes(at, 1)).getUint8(0) !== 0;
    case DOUBLE:
      return { kind: 'float', value: (await file.bytes(at, 8)).getFloat64(0, true) };
    default: {
      const parts = await file.bytes(at, 16);
      return plainText(`${parts.getFloat64(0, true)} + ${parts.getFloat64(8, true)}j`);
    }
  }
}

function wholeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** By the number of the kind in the union. */
function readersOf(file: FlatBuffers): readonly (Read | undefined)[] {
  const listOf =
    (itemBytes: number, item: (view: DataView, at: number) => PickleNode): Read =>
    async (value) => {
      const view = await file.items(value, 0, itemBytes);
      const items = Array.from({ length: view.byteLength / itemBytes }, (_, index) =>
        item(view, itemBytes * index),
      );
      return { kind: 'list', items };
    };
  const sequence =
    (kind: 'list' | 'tuple'): Read =>
    async (value) => {
      const indices = await indicesIn(file, value, 0);
      const items: PickleNode[] = [];
      return {
        node: { kind, items },
        fill: (nodes) => void items.push(...indices.map((index) => nodes[index] ?? null)),
      };
    };
  const text: Read = async (value) => plainText((await file.textIn(value, 0)) ?? '');
  const nothing: Read = async () => null;
  return [
    undefined,
    ...[nothing, nothing, nothing, nothing],
    async (value) => tensorNode(file, value),
    text,
    sequence('list'),
    sequence('tuple'),
    async (value) => {
      const [keyIndices, valueIndices] = [await indicesIn(file, value, 0), await indicesIn(file, value, 1)];
      const keys: PickleNode[] = [];
      const values: PickleNode[] = [];
      const fill = (nodes: readonly PickleNode[]): void => {
        for (const [entry, index] of keyIndices.entries()) {
          keys.push(nodes[index] ?? null);
          values.push(nodes[valueIndices[entry] ?? -1] ?? null);
        }
      };
      return { node: { kind: 'dict', keys, values }, fill };
    },
    (value, types) => objectNode(file, value, types),
    listOf(8, (view, at) => wholeNumber(view.getBigInt64(at, true))),
    listOf(8, (view, at) => ({ kind: 'float', value: view.getFloat64(at, true) })),
    listOf(1, (view, at) => view.getUint8(at) !== 0),
    text,
    // a member of an enumeration, by its class
    text,
    async (value, _types, constants) => {
      for (const index of await indicesIn(file, value, FUNCTION_CONSTANTS)) constants.add(index);
      return plainText(`function ${(await file.textIn(value, FUNCTION_NAME)) ?? '?'}`);
    },
  ];
}

async function indicesIn(file: FlatBuffers, table: FlatTable, field: number): Promise<readonly number[]> {
  const view = await file.items(table, field, 4);
  return Array.from({ length: view.byteLength / 4 }, (_, index) => view.getUint32(4 * index, true));
}

/** As a pickle of a TorchScript program has it: an object of its class, with its attributes or its state. */
async function objectNode(
  file: FlatBuffers,
  value: FlatTable,
  types: readonly ObjectType[],
): Promise<Pending> {
  const type = types[value.u32(OBJECT_TYPE)];
  if (!type) {
    throw new AppError('corrupt', 'an object of the program is of a class that is missing', {
      offset: value.position,
      expected: `one of ${types.length} classes`,
      found: `class ${value.u32(OBJECT_TYPE)}`,
    });
  }
  const dot = type.name.lastIndexOf('.');
  const [module, name] = [type.name.slice(0, Math.max(0, dot)), type.name.slice(dot + 1)];
  const states: PickleNode[] = [];
  const node: PickleNode = {
    kind: 'call',
    opcode: 'NEWOBJ',
    callable: { kind: 'global', module, name, offset: 0 },
    args: { kind: 'tuple', items: [] },
    states,
    offset: value.position,
  };
  const attributes = await indicesIn(file, value, OBJECT_ATTRIBUTES);
  return {
    node,
    fill: (nodes) => {
      if (!type.hasFields) return void states.push(nodes[value.u32(OBJECT_STATE)] ?? null);
      const keys = attributes.map((_, index) => plainText(type.attributes[index] ?? String(index)));
      return void states.push({
        kind: 'dict',
        keys,
        values: attributes.map((index) => nodes[index] ?? null),
      });
    },
  };
}
