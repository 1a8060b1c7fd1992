import type { OpenedPart } from '#main/formats/joined-shards.ts';
import { nameInParts } from '#main/formats/shard-names.ts';
import type { ShardSet } from '#main/formats/shard-sets.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { byteLengthOf, elementCountOf } from '#shared/tensor.ts';
import { findDtype } from '#shared/dtype.ts';

/** Tensors of one kind of problem that are named one by one. */
const MOST_NAMED = 3;

/**
 * What the parts have, held against what the index says of them.
 * @param missing parts that could not be read.
 */
export function shardProblems(
  set: ShardSet,
  parts: readonly OpenedPart[],
  missing: readonly string[],
): readonly Problem[] {
  const problems: Problem[] = parts.flatMap(({ name, checkpoint }) =>
    checkpoint.problems.map((problem) => ({ ...problem, message: `${name}: ${problem.message}` })),
  );
  problems.push(...otherCheckpoints(set.others));
  const { index } = set;
  if (!index) {
    problems.push({
      code: 'missing-index',
      message: 'no index lies beside the parts: whether they hold every tensor cannot be told',
    });
    return problems;
  }
  problems.push(...index.problems);
  const found = new Map<string, string>();
  for (const { name, checkpoint } of parts) {
    for (const tensor of checkpoint.tensors) found.set(tensor.name, name);
  }
  const files = new Map([...index.files].map(([name, file]) => [nameInParts(name, found), file]));
  const lost = new Set(missing);
  const gone = namesBy(files, (tensor, file) => lost.has(file) && !found.has(tensor));
  for (const [file, names] of gone)
    problems.push({
      code: 'missing-tensor',
      message: `${count(names, 'is', 'are')} in ${file.slice(0, 200)}, which cannot be read: ${list(names)}`,
    });
  const absent = namesBy(files, (tensor, file) => !lost.has(file) && !found.has(tensor));
  for (const [file, names] of absent)
    problems.push({
      code: 'missing-tensor',
      message: `${count(names, 'is', 'are')} missing from ${file}, where the index has them: ${list(names)}`,
    });
  const astray = namesBy(files, (tensor, file) => found.has(tensor) && found.get(tensor) !== file);
  for (const [file, names] of astray)
    problems.push({
      code: 'wrong-part',
      message: `${count(names, 'is', 'are')} not in ${file.slice(0, 200)}, where the index has them, but in another part: ${list(names)}`,
    });
  const extra = namesBy(found, (tensor) => !files.has(tensor));
  for (const [file, names] of extra)
    problems.push({ code: 'extra-tensor', message: `the index does not name ${list(names)} of ${file}` });
  if (missing.length === 0) problems.push(...totalProblem(index.totalBytes, parts));
  return problems;
}

/** Sets beside the one that was opened, by the name of a file of each. */
export function otherCheckpoints(names: readonly string[]): readonly Problem[] {
  return names.map((name) => ({
    code: 'other-checkpoint',
    message: `the folder holds another checkpoint: ${name}`,
  }));
}

function namesBy(
  files: ReadonlyMap<string, string>,
  isMeant: (tensor: string, file: string) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const [tensor, file] of files) {
    if (!isMeant(tensor, file)) continue;
    const known = names.get(file);
    if (known) known.push(tensor);
    else names.set(file, [tensor]);
  }
  return names;
}

function count(names: readonly string[], one: string, many: string): string {
  return names.length === 1 ? `1 tensor ${one}` : `${names.length} tensors ${many}`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown}, …` : shown;
}

/** Writers count a storage that several tensors share once, or for each of them. */
function totalProblem(stated: number | undefined, parts: readonly OpenedPart[]): readonly Problem[] {
  if (stated === undefined) return [];
  let all = 0;
  let distinct = 0;
  for (const { checkpoint } of parts) {
    const seen = new Set<string>();
    for (const tensor of checkpoint.tensors) {
      const bytes = bytesOf(tensor);
      all += bytes;
      const key = storageKey(tensor);
      if (key === undefined || !seen.has(key)) distinct += bytes;
      if (key !== undefined) seen.add(key);
    }
  }
  if (stated === all || stated === distinct) return [];
  return [{ code: 'total-size', message: `the index says ${stated} bytes in all, the parts hold ${all}` }];
}

function bytesOf({ dtype, shape, storage }: StoredTensor): number {
  if (storage.kind === 'strings' || !findDtype(dtype)) return 0;
  const isWhole = shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  return isWhole ? byteLengthOf(dtype, elementCountOf(shape) ?? 0) : 0;
}

function storageKey({ storage }: StoredTensor): string | undefined {
  return storage.kind === 'dense' ? `${storage.source}:${storage.offset}` : undefined;
}
