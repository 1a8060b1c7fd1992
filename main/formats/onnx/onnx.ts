// ONNX: onnx/onnx onnx/onnx.proto3, and docs/ExternalData.md.
import { allocationBudget } from '#main/bytes/limits.ts';
import { pagedSource } from '#main/bytes/paged-source.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import { messageSpan } from '#main/encodings/protobuf/message-span.ts';
import type { Checkpoint, Format, StoredTensor } from '#main/formats/contract.ts';
import { describeTensor, type DescribeContext } from '#main/formats/onnx/describe.ts';
import { externalFiles } from '#main/formats/onnx/external-data.ts';
import { sitesOfFunction, sitesOfGraph, type TensorSite } from '#main/formats/onnx/graph.ts';
import { isModel } from '#main/formats/onnx/is-onnx.ts';
import { readModel } from '#main/formats/onnx/read-graph.ts';
import { describePlainValues } from '#main/formats/onnx/plain-values.ts';
import { describeSparse } from '#main/formats/onnx/sparse.ts';
import { readTensorMessage } from '#main/formats/onnx/tensor-message.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** Nodes and headers of tensors are many small messages, some of them between large values. */
const PAGING = { pageBytes: 64 * 1024, pages: 32 };

export const onnx: Format = {
  name: 'onnx',
  title: 'ONNX',
  reads:
    'initializers wherever they sit (graphs, subgraphs, functions, Constant nodes, sparse), all types, external data inside the folder',
  extensions: ['onnx'],
  claims: async (input: FormatInput) => input.kind === 'file' && isModel(input.source),
  open,
};

async function open(input: FormatInput): Promise<Checkpoint> {
  if (input.kind !== 'file') throw new AppError('internal', 'ONNX models are files');
  const root = input.source;
  const model = await readModel(messageSpan(pagedSource(root, PAGING), 'the model'));
  const sites: TensorSite[] = [];
  for (const graph of model.graphs) sites.push(...(await sitesOfGraph(graph)));
  for (const span of model.functions) sites.push(...(await sitesOfFunction(span)));

  const problems: Problem[] = [];
  const context: DescribeContext = {
    sources: sourceList(root),
    external: externalFiles(input.folder),
    problems,
    room: allocationBudget(root.byteLength),
  };
  const tensors: StoredTensor[] = [];
  for (const [index, site] of sites.entries()) tensors.push(await describeSite(site, index, context));
  const files = context.external.names();
  return {
    format: onnx.name,
    dialect: files.length > 0 ? `${model.dialect}, with external data` : model.dialect,
    layout: 'dict',
    sources: context.sources.sources,
    tensors,
    regions: [],
    imports: [],
    problems,
    metadata: metadataFrom([
      ...Object.entries(model.metadata),
      ...(files.length > 0 ? [['external_data', files] as const] : []),
    ]),
  };
}

/** A tensor without a name is called by its place among all. */
async function describeSite(
  site: TensorSite,
  index: number,
  context: DescribeContext,
): Promise<StoredTensor> {
  const fallback = String(index);
  if (site.kind === 'attribute') return describePlainValues(site, site.name || fallback);
  if (site.kind === 'sparse') return describeSparse(site.span, site.name, fallback, context);
  const message = await readTensorMessage(site.span);
  return describeTensor(message, site.name || message.name || fallback, context);
}
