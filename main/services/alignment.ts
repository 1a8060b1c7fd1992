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
  take(byKey(restA, restB, ({ name }) => asked.get(name), ({ name }) => name, 'given'));
  take(byKey(restA, restB, ({ name }) => name, ({ name }) => name, 'name'));
  take(byKey(restA, restB, stripped, stripped, 'prefix'));
  take(byLayout(restA, restB));
  return { matches, onlyA: restA, onlyB: restB };
}

function stripped({ name }: TensorInfo): string {
  return strippedName(name);
}

type Key = (tensor: TensorInfo) => string | undefined;

/** Pairs tensors whose keys are equal and belong to one tensor on either side. */
function byKey(a: readonly TensorInfo[], b: readonly TensorInfo[], keyA: Key, keyB: Key, by: Match['by']): Match[] {
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
  const candidates = b.map((tensor): Candidate => ({ tensor, role: layerRole(tensor) }));
  const taken = new Set<TensorInfo>();
  const matches: Match[] = [];
  for (const isSameLayer of [true, false]) {
    for (const tensor of a) {
      if (matches.some((match) => match.a === tensor)) continue;
      const role = layerRole(tensor);
      const partner = candidates.find(
        (candidate) =>
          !taken.has(candidate.tensor) &&
          candidate.role.group === role.group &&
          candidate.role.part === role.part &&
          (!isSameLayer || candidate.role.layer === role.layer) &&
          fit(tensor, role, candidate) !== undefined,
      );
      if (!partner) continue;
      taken.add(partner.tensor);
      matches.push({ a: tensor, b: partner.tensor, isTransposed: fit(tensor, role, partner)!, by: 'layout' });
    }
  }
  return matches;
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
