/** Which tensor of B is which tensor of A: by name, then by wrapper prefix, then by how frameworks name and lay out layers. */
import type { CheckpointSummary } from '#shared/checkpoint.ts';
import type { TensorInfo } from '#shared/tensor.ts';
import { layerRole, strippedName, type LayerRole } from '#main/services/layer-names.ts';

export interface Match {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly isTransposed: boolean;
  /** `given` and `name`: the same tensor by agreement; `prefix` and `layout`: the same layer in another's words. */
  readonly by: 'given' | 'name' | 'prefix' | 'layout';
}

/** Of either side as it is stored. */
export function byteLengthOf({ a, b }: Match): number {
  return a.byteLength + b.byteLength;
}

export interface Alignment {
  readonly matches: readonly Match[];
  readonly onlyA: readonly TensorInfo[];
  readonly onlyB: readonly TensorInfo[];
}

/** @param given A's name to B's name, which wins over everything. */
export function align(
  a: CheckpointSummary,
  b: CheckpointSummary,
  given: Readonly<Record<string, string>> = {},
): Alignment {
  const matches: Match[] = [];
  let restA = [...a.tensors];
  let restB = [...b.tensors];

  const take = (found: readonly Match[]) => {
    matches.push(...found);
    const takenA = new Set(found.map((match) => match.a));
    const takenB = new Set(found.map((match) => match.b));
    restA = restA.filter((tensor) => !takenA.has(tensor));
    restB = restB.filter((tensor) => !takenB.has(tensor));
  };

  const asked = new Map(Object.entries(given));
  take(
    byKey(
      restA,
      restB,
      ({ name }) => asked.get(name),
      ({ name }) => name,
      'given',
    ),
  );
  take(
    byKey(
      restA,
      restB,
      ({ name }) => name,
      ({ name }) => name,
      'name',
    ),
  );
  take(byKey(restA, restB, stripped, stripped, 'prefix'));
  take(byLayout(restA, restB));
  return { matches, onlyA: restA, onlyB: restB };
}

function stripped({ name }: TensorInfo): string {
  return strippedName(name);
}

type Key = (tensor: TensorInfo) => string | undefined;

/** Pairs tensors whose keys are equal and belong to one tensor on either side. */
function byKey(
  a: readonly TensorInfo[],
  b: readonly TensorInfo[],
  keyA: Key,
  keyB: Key,
  by: Match['by'],
): Match[] {
  const owners = uniqueByKey(b, keyB);
  return [...uniqueByKey(a, keyA)].flatMap(([key, tensor]) => {
    const partner = owners.get(key);
    return partner ? [{ a: tensor, b: partner, isTransposed: false, by }] : [];
  });
}

function uniqueByKey(tensors: readonly TensorInfo[], keyOf: Key): Map<string, TensorInfo> {
  const unique = new Map<string, TensorInfo>();
  const repeated = new Set<string>();
  for (const tensor of tensors) {
    const key = keyOf(tensor);
    if (key === undefined) continue;
    if (unique.has(key)) repeated.add(key);
    unique.set(key, tensor);
  }
  for (const key of repeated) unique.delete(key);
  return unique;
}

interface Candidate {
  readonly tensor: TensorInfo;
  readonly role: LayerRole;
}

/** Pairs what plays the same part: equal layer first, then the order in the file; shapes must fit, turned round if need be. */
function byLayout(a: readonly TensorInfo[], b: readonly TensorInfo[]): Match[] {
  const matches: Match[] = [];
  let left = a.map((tensor): Candidate => ({ tensor, role: layerRole(tensor) }));
  let right = b.map((tensor): Candidate => ({ tensor, role: layerRole(tensor) }));
  for (const keyOf of [(one: Candidate) => `${placeKey(one)}|${one.role.layer}`, placeKey]) {
    const waiting = new Map<string, Candidate[]>();
    for (const one of right) {
      const list = waiting.get(keyOf(one));
      if (list) list.push(one);
      else waiting.set(keyOf(one), [one]);
    }
    const taken = new Set<Candidate>();
    for (const one of left) {
      const partner = waiting.get(keyOf(one))?.shift();
      const isTransposed = partner && fit(one.tensor, one.role, partner);
      if (!partner || isTransposed === undefined) continue;
      taken.add(one).add(partner);
      matches.push({ a: one.tensor, b: partner.tensor, isTransposed, by: 'layout' });
    }
    left = left.filter((one) => !taken.has(one));
    right = right.filter((one) => !taken.has(one));
  }
  return matches;
}

/** Tensors that may be each other: one part of a layer, and a shape that is the same but perhaps turned round. */
function placeKey({ tensor, role }: Candidate): string {
  const shape = tensor.shape.length === 2 ? [...tensor.shape].sort((x, y) => x - y) : tensor.shape;
  return `${role.group}|${role.part}|${shape.join('×')}`;
}

/** Whether the shapes fit as they are (false) or turned round (true); undefined where they do not fit. */
function fit(a: TensorInfo, role: LayerRole, { tensor: b, role: other }: Candidate): boolean | undefined {
  const isEqual = a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);
  const isTurned =
    a.shape.length === 2 && b.shape.length === 2 && a.shape[0] === b.shape[1] && a.shape[1] === b.shape[0];
  // a square matrix fits either way: who writes kernels as inputs × outputs decides
  if (isTurned && role.isInputsFirst !== other.isInputsFirst) return true;
  if (isEqual) return false;
  return isTurned ? true : undefined;
}

/** Whether two files write layers in different words, so that another name or a transpose is no difference. */
export function isOtherDialect(a: CheckpointSummary, b: CheckpointSummary): boolean {
  return familyOf(a) !== familyOf(b);
}

/** MXNet 2 writes NumPy's containers with its own habits. */
function familyOf({ format, dialect }: CheckpointSummary): string {
  return format === 'numpy' && dialect.startsWith('MXNet') ? 'mxnet' : format;
}
