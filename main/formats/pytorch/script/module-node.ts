// ModuleDef of caffe2/proto/torch.proto, as protobuf spells it in JSON.
import { elementsOf, fieldsOf, type Json } from '#main/encodings/json/json-tree.ts';
import type { PickleNode } from '#main/encodings/pickle/nodes.ts';

/** The function that a pickle of such a program's attributes calls for its tensors. */
export const TENSOR_BY_NUMBER = 'torch.jit._pickle.build_tensor_from_id';

/**
 * A module as one object: parameters, attributes and modules by name.
 * @param values what the attributes refer to by number.
 */
export function moduleNode(module: Json | undefined, values: readonly PickleNode[]): PickleNode {
  const { parameters, attributes, submodules } = fieldsOf(module);
  return dictOf([
    ...elementsOf(parameters).map((parameter): Entry => {
      const { name, tensorId } = fieldsOf(parameter);
      return [textOf(name), tensorNode(numberOf(tensorId))];
    }),
    ...elementsOf(attributes).map((attribute): Entry => {
      const { name, id } = fieldsOf(attribute);
      return [textOf(name), values[numberOf(id)] ?? null];
    }),
    ...elementsOf(submodules).map((inner): Entry => [
      textOf(fieldsOf(inner)['name']),
      moduleNode(inner, values),
    ]),
  ]);
}

type Entry = readonly [name: string, node: PickleNode];

function dictOf(entries: readonly Entry[]): PickleNode {
  return {
    kind: 'dict',
    keys: entries.map(([name]) => textNode(name)),
    values: entries.map(([, node]) => node),
  };
}

function textNode(value: string): PickleNode {
  return { kind: 'text', value, spelling: 'utf8', offset: 0, byteLength: 0 };
}

function tensorNode(number: number): PickleNode {
  const at = TENSOR_BY_NUMBER.lastIndexOf('.');
  return {
    kind: 'call',
    opcode: 'REDUCE',
    callable: {
      kind: 'global',
      module: TENSOR_BY_NUMBER.slice(0, at),
      name: TENSOR_BY_NUMBER.slice(at + 1),
      offset: 0,
    },
    args: { kind: 'tuple', items: [number] },
    offset: 0,
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '?';
}

/** Numbers of 64 bits are texts in protobuf's JSON, and left out where they are 0. */
function numberOf(value: Json | undefined): number {
  return value === undefined ? 0 : Number(value);
}
