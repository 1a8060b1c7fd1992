// torch/csrc/jit/serialization/pickler.cpp: how TorchScript's objects and typed containers are pickled.
import {
  asKind,
  globalName,
  itemsOf,
  type PickleCall,
  type PickleNode,
} from '#main/encodings/pickle/nodes.ts';
import { stateEntries } from '#main/encodings/pickle/object-parts.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import type { ObjectParts } from '#main/encodings/pickle/object-parts.ts';

/** Whether classes of this module are those of a TorchScript program, whose code lies in the same archive. */
export function isScriptModule(module: string): boolean {
  return module === '__torch__' || module.startsWith('__torch__.');
}

/** An object of a script's class, by its attributes, or a container with its type beside it; undefined for anything else. */
export function unfoldScript(
  call: PickleCall,
): ObjectParts | { readonly kind: 'same'; readonly node: PickleNode } | undefined {
  const callable = asKind(call.callable, 'global');
  if (!callable) return undefined;
  const name = globalName(callable)!;
  if (TYPED.has(name)) return { kind: 'same', node: itemsOf(call.args)?.[0] ?? null };
  if (!isScriptModule(callable.module)) return undefined;
  const state = call.states?.[0];
  const items = itemsOf(state);
  // classes written in C++ say what they consist of in their own way
  if (items) return { kind: 'list', items };
  const args = itemsOf(call.args) ?? [];
  if (state === undefined && args.length > 0) return { kind: 'value', value: reprOf(call) };
  const className = { kind: 'text', value: name, spelling: 'utf8', offset: 0, byteLength: 0 } as const;
  return { kind: 'dict', entries: [['__class__', className], ...stateEntries(call)] };
}

/** Functions that give back their first argument as a container of one type. */
const TYPED: ReadonlySet<string> = new Set(
  [
    ...['build_intlist', 'build_tensorlist', 'build_doublelist', 'build_floatlist', 'build_boollist'],
    ...['build_complexdoublelist', 'restore_type_tag'],
  ].map((name) => `torch.jit._pickle.${name}`),
);
