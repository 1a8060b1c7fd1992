// Where ONNX keeps tensors: onnx/onnx onnx/onnx.proto3, GraphProto, FunctionProto, NodeProto and AttributeProto.
import { ONNX_TENSORS, PROTOBUF_TEXT_BYTES } from '#main/bytes/limits.ts';
import { spanOf, textOf, type MessageSpan, type SpanField } from '#main/encodings/protobuf/message-span.ts';
import { fieldsOf as messageFields, messageIn, type Message } from '#main/encodings/protobuf/protobuf.ts';
import { fieldsOf, type Fields } from '#main/formats/onnx/fields.ts';
import { AppError } from '#shared/errors.ts';

/** A message that holds a tensor's values. */
export type TensorSite =
  | { readonly kind: 'tensor' | 'sparse'; readonly span: MessageSpan; readonly name?: string }
  /** Numbers or texts that stand in an attribute itself: one of them, or a list. */
  | {
      readonly kind: 'attribute';
      readonly span: MessageSpan;
      readonly name: string;
      readonly dtype: 'f32' | 'i64' | 'str';
      readonly field: number;
      readonly isList: boolean;
    };

const GRAPH = { node: 1, initializer: 5, sparseInitializer: 15 } as const;
const FUNCTION_NODE = 7;
const NODE = { output: 2, name: 3, opType: 4, attribute: 5 } as const;
const CONSTANT = 'Constant';
/** Nodes up to this length are looked at in memory. */
const SMALL_NODE_BYTES = 16 * 1024;
const ATTRIBUTE = { name: 1, tensor: 5, graph: 6, graphs: 11, sparseTensor: 22 } as const;

/** Attributes of a Constant node that hold values themselves. */
const PLAIN_VALUES = new Map<string, { dtype: 'f32' | 'i64' | 'str'; field: number; isList: boolean }>([
  ['value_float', { dtype: 'f32', field: 2, isList: false }],
  ['value_int', { dtype: 'i64', field: 3, isList: false }],
  ['value_string', { dtype: 'str', field: 4, isList: false }],
  ['value_floats', { dtype: 'f32', field: 7, isList: true }],
  ['value_ints', { dtype: 'i64', field: 8, isList: true }],
  ['value_strings', { dtype: 'str', field: 9, isList: true }],
]);

/** All tensors of a graph: its initializers first, then those of its nodes and of the graphs inside them. */
export async function sitesOfGraph(graph: MessageSpan): Promise<TensorSite[]> {
  const fields = await fieldsOf(graph, Object.values(GRAPH));
  const sites: TensorSite[] = [
    ...fields.all(GRAPH.initializer).map((field) => tensorSite('tensor', field, graph)),
    ...fields.all(GRAPH.sparseInitializer).map((field) => tensorSite('sparse', field, graph)),
  ];
  for (const field of fields.all(GRAPH.node)) {
    append(sites, await sitesOfNode(spanOf(field, graph, 'a node')), graph);
  }
  return sites;
}

/** The tensors of a function's nodes. */
export async function sitesOfFunction(func: MessageSpan): Promise<TensorSite[]> {
  const fields = await fieldsOf(func, [FUNCTION_NODE]);
  const sites: TensorSite[] = [];
  for (const field of fields.all(FUNCTION_NODE)) {
    append(sites, await sitesOfNode(spanOf(field, func, 'a node')), func);
  }
  return sites;
}

/** @throws AppError `limit` for more tensors than a model has. */
function append(sites: TensorSite[], found: readonly TensorSite[], around: MessageSpan): void {
  if (sites.length + found.length > ONNX_TENSORS) {
    throw new AppError('limit', 'the model has more tensors than we list', {
      file: around.source.name,
      offset: around.begin,
      expected: `at most ${ONNX_TENSORS}`,
    });
  }
  for (const site of found) sites.push(site);
}

function tensorSite(
  kind: 'tensor' | 'sparse',
  field: SpanField,
  around: MessageSpan,
  name?: string,
): TensorSite {
  return { kind, span: spanOf(field, around, 'a tensor'), ...(name === undefined ? {} : { name }) };
}

async function sitesOfNode(node: MessageSpan): Promise<TensorSite[]> {
  if (node.end - node.begin <= SMALL_NODE_BYTES && !(await mayHoldTensors(node))) return [];
  const fields = await fieldsOf(node, Object.values(NODE));
  const attributes = fields.all(NODE.attribute);
  if (attributes.length === 0) return [];
  const name = (await isConstant(node, fields)) ? await constantName(node, fields) : undefined;
  const sites: TensorSite[] = [];
  for (const field of attributes) {
    const attribute = spanOf(field, node, 'an attribute');
    const found = name === undefined ? await sitesInside(attribute) : await sitesOfConstant(attribute, name);
    append(sites, found, node);
  }
  return sites;
}

/** A look at a node in memory: nearly all nodes of a model have plain attributes only. */
async function mayHoldTensors(node: MessageSpan): Promise<boolean> {
  const { source, begin, end, what, depth } = node;
  const bytes = await source.read(begin, end - begin);
  const message: Message = { bytes, base: begin, file: source.name, what, depth };
  for (const field of messageFields(message)) {
    if (field.number === NODE.opType && field.bytes.byteLength === CONSTANT.length) {
      if (new TextDecoder().decode(field.bytes) === CONSTANT) return true;
    } else if (field.number === NODE.attribute) {
      for (const { number } of messageFields(messageIn(field, message, 'an attribute'))) {
        if (number === ATTRIBUTE.graph || number === ATTRIBUTE.graphs) return true;
      }
    }
  }
  return false;
}

async function isConstant(node: MessageSpan, fields: Fields): Promise<boolean> {
  const opType = fields.last(NODE.opType);
  if (!opType || opType.end - opType.begin !== CONSTANT.length) return false;
  return (await textOf(opType, node, PROTOBUF_TEXT_BYTES)) === CONSTANT;
}

/** What the value is called in the graph: the node's output, or else the node's own name. */
async function constantName(node: MessageSpan, fields: Fields): Promise<string> {
  const field = fields.all(NODE.output)[0] ?? fields.last(NODE.name);
  return field ? textOf(field, node, PROTOBUF_TEXT_BYTES) : '';
}

/** The branches of If, the bodies of Loop and Scan. */
async function sitesInside(attribute: MessageSpan): Promise<TensorSite[]> {
  const fields = await fieldsOf(attribute, [ATTRIBUTE.graph, ATTRIBUTE.graphs]);
  const sites: TensorSite[] = [];
  for (const field of [...fields.all(ATTRIBUTE.graph), ...fields.all(ATTRIBUTE.graphs)]) {
    append(sites, await sitesOfGraph(spanOf(field, attribute, 'a subgraph')), attribute);
  }
  return sites;
}

async function sitesOfConstant(attribute: MessageSpan, name: string): Promise<TensorSite[]> {
  const fields = await fieldsOf(attribute, [ATTRIBUTE.name, ATTRIBUTE.tensor, ATTRIBUTE.sparseTensor]);
  const [tensor, sparse] = [fields.last(ATTRIBUTE.tensor), fields.last(ATTRIBUTE.sparseTensor)];
  if (tensor) return [tensorSite('tensor', tensor, attribute, name)];
  if (sparse) return [tensorSite('sparse', sparse, attribute, name)];
  const key = fields.last(ATTRIBUTE.name);
  const plain = key && PLAIN_VALUES.get(await textOf(key, attribute, PROTOBUF_TEXT_BYTES));
  return plain ? [{ kind: 'attribute', span: attribute, name, ...plain }] : [];
}
