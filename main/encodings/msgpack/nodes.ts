/** What a MessagePack value is once it is read: a tree whose large leaves are places in the file. All offsets are bytes of the source. */
export type MsgpackNode =
  | MsgpackMap
  | { readonly kind: 'array'; readonly offset: number; readonly items: readonly MsgpackNode[] }
  | { readonly kind: 'value'; readonly offset: number; readonly value: null | boolean | number | bigint }
  | MsgpackText
  | MsgpackBinary
  | MsgpackExtension;

export interface MsgpackMap {
  readonly kind: 'map';
  readonly offset: number;
  /** In the order of the file; a key may come twice. */
  readonly entries: readonly (readonly [MsgpackKey, MsgpackNode])[];
}

/** Numbers as keys are spelled out. */
export interface MsgpackKey {
  readonly text: string;
  readonly offset: number;
}

export interface MsgpackText {
  readonly kind: 'text';
  readonly offset: number;
  readonly begin: number;
  readonly byteLength: number;
  /** Absent for texts too long to be held, and for those that are no UTF-8. */
  readonly value?: string;
}

export interface MsgpackBinary {
  readonly kind: 'binary';
  readonly offset: number;
  readonly begin: number;
  readonly byteLength: number;
}

export interface MsgpackExtension {
  readonly kind: 'extension';
  readonly offset: number;
  /** −128 to 127; negative ones are the specification's own. */
  readonly type: number;
  readonly begin: number;
  readonly byteLength: number;
}

/** The value of the last entry with a key, as Python takes it. */
export function entryOf(map: MsgpackMap, key: string): MsgpackNode | undefined {
  for (let at = map.entries.length - 1; at >= 0; at--) {
    if (map.entries[at]![0].text === key) return map.entries[at]![1];
  }
  return undefined;
}
