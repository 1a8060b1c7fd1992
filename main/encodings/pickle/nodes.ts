/**
 * What a pickle stands for, as inert data: nothing is imported, called or built.
 * None, booleans and integers are plain values; a float is wrapped, so that 1.0 and 1 stay apart.
 * Objects are shared and may form cycles, as in the pickle.
 */
export type PickleNode = null | boolean | number | bigint | PickleObject;

export type PickleObject =
  | PickleFloat
  | PickleText
  | PickleBytes
  | PickleSequence
  | PickleDict
  | PickleGlobal
  | PickleCall
  | PicklePersistent
  | PickleBuffer;

export interface PickleFloat {
  readonly kind: 'float';
  readonly value: number;
}

/** Where a text or bytes value is spelled out in the stream, in bytes; without quotes, length prefix or line end. */
export interface PickleSpan {
  readonly offset: number;
  readonly byteLength: number;
}

export interface PickleText extends PickleSpan {
  readonly kind: 'text';
  /** Undefined where it is longer than `PICKLE_TEXT_BYTES`; `textOf` in content.ts reads any. */
  readonly value: string | undefined;
  readonly spelling: 'utf8' | 'raw-unicode-escape';
}

export interface PickleBytes extends PickleSpan {
  readonly kind: 'bytes';
  /** `str` is Python 2's, which is text as often as it is bytes. */
  readonly type: 'bytes' | 'bytearray' | 'str';
  /** Raw bytes are the value itself and may be pointed at; escaped ones are a Python literal. */
  readonly spelling: 'raw' | 'escaped';
  /** The value, where it is at most `PICKLE_HELD_BYTES` long. */
  readonly content: Uint8Array | undefined;
}

export interface PickleSequence {
  readonly kind: 'tuple' | 'list' | 'set' | 'frozenset';
  readonly items: PickleNode[];
}

/** Entries as they were set, repeated keys included: `keys[i]` belongs to `values[i]`. */
export interface PickleDict {
  readonly kind: 'dict';
  readonly keys: PickleNode[];
  readonly values: PickleNode[];
}

/** What was done to an object that exists only as a description. */
export interface PickleEffects {
  /** Arguments of BUILD, in order. */
  states?: PickleNode[];
  /** Arguments of APPEND, APPENDS and ADDITEMS. */
  items?: PickleNode[];
  /** Entries of SETITEM and SETITEMS. */
  entries?: PickleDict;
  /** What belongs to the object and is no part of the pickle proper: what stood in the stream behind its BUILD, or in bytes that it is made of. */
  inserted?: PickleNode;
}

export interface PickleGlobal extends PickleEffects {
  readonly kind: 'global';
  readonly module: string;
  readonly name: string;
  /** Of the opcode that names it. */
  readonly offset: number;
}

export type CallOpcode = 'REDUCE' | 'NEWOBJ' | 'NEWOBJ_EX' | 'OBJ' | 'INST';

/** A call that Python would have made. */
export interface PickleCall extends PickleEffects {
  readonly kind: 'call';
  readonly opcode: CallOpcode;
  readonly callable: PickleNode;
  /** A tuple in every sane pickle. */
  readonly args: PickleNode;
  /** Of NEWOBJ_EX. */
  readonly keywords?: PickleNode;
  readonly offset: number;
}

export interface PicklePersistent extends PickleEffects {
  readonly kind: 'persistent';
  readonly id: PickleNode;
}

/** A buffer that was to be handed over beside the pickle. */
export interface PickleBuffer extends PickleEffects {
  readonly kind: 'buffer';
  readonly index: number;
}

export function isObject(node: PickleNode | undefined): node is PickleObject {
  return typeof node === 'object' && node !== null;
}

/** The node, if it is of this kind. */
export function asKind<Kind extends PickleObject['kind']>(
  node: PickleNode | undefined,
  kind: Kind,
): OfKind<Kind> | undefined {
  return isObject(node) && node.kind === kind ? (node as OfKind<Kind>) : undefined;
}

type OfKind<Kind extends PickleObject['kind']> = Kind extends PickleSequence['kind']
  ? PickleSequence
  : Extract<PickleObject, { kind: Kind }>;

/** The items of a tuple or list, else undefined. */
export function itemsOf(node: PickleNode | undefined): readonly PickleNode[] | undefined {
  return isObject(node) && (node.kind === 'tuple' || node.kind === 'list') ? node.items : undefined;
}

/** `module.name` of a global, else undefined. */
export function globalName(node: PickleNode | undefined): string | undefined {
  const global = asKind(node, 'global');
  return global && `${global.module}.${global.name}`;
}

/** A number that is an integer within 2^53 - 1, else undefined. */
export function safeInteger(node: PickleNode | undefined): number | undefined {
  return typeof node === 'number' ? node : undefined;
}

/** The number that an integer, float or boolean stands for; integers beyond 2^53 lose their last digits. */
export function numberOf(node: PickleNode | undefined): number | undefined {
  if (typeof node === 'number') return node;
  if (typeof node === 'bigint' || typeof node === 'boolean') return Number(node);
  return asKind(node, 'float')?.value;
}
