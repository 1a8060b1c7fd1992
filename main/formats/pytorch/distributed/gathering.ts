import type { PickleImport, Region, StoredTensor } from '#main/formats/contract.ts';
import type { SliceContent } from '#main/formats/pytorch/distributed/slices.ts';
import type { GraphContent } from '#main/formats/pytorch/object-graph.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';

/** What the parts of a distributed checkpoint hold, gathered on the way through them. */
export interface Gathering {
  readonly tensors: StoredTensor[];
  readonly values: [string, MetadataValue][];
  readonly imports: PickleImport[];
  readonly regions: Region[];
  readonly problems: Problem[];
  /** Of the first part that was read. */
  records?: ReadonlyMap<string, string>;
}

/** What is told of a part beside what it holds. @param name that it is saved under. */
export function addFindings(name: string, content: SliceContent, gathering: Gathering): void {
  for (const imported of content.imports) gathering.imports.push(imported);
  for (const problem of content.problems) gathering.problems.push({ ...problem, tensor: name });
  gathering.records ??= content.records;
}

/** Tensors inside an object stand below its name, the rest is shown. */
export function addObject(
  name: string,
  { graph, isPlain }: SliceContent,
  { tensors, values }: Gathering,
): void {
  for (const tensor of graph.tensors) {
    tensors.push({ ...tensor, name: graph.layout === 'tensor' ? name : `${name}.${tensor.name}` });
  }
  const value = isPlain ? graph.metadata['value'] : shown(graph);
  if (value !== undefined) values.push([name, value]);
}

/** What an object has beside its tensors; a list of values alone stays a list. */
function shown({ layout, tensors, metadata }: GraphContent): MetadataValue | undefined {
  const items = Object.values(metadata);
  if (items.length === 0) return undefined;
  return layout === 'list' && tensors.length === 0 ? items : metadata;
}
