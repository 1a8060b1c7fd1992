// ONNX ModelProto: onnx/onnx onnx/onnx.proto3.
import { PROTOBUF_TEXT_BYTES } from '#main/bytes/limits.ts';
import {
  integerOf,
  spanOf,
  textOf,
  type MessageSpan,
  type SpanField,
} from '#main/encodings/protobuf/message-span.ts';
import { fieldsOf, type Fields } from '#main/formats/onnx/fields.ts';
import { propertiesOf } from '#main/formats/onnx/properties.ts';
import { metadataFrom, type Metadata, type MetadataValue } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** Numbers of ModelProto's fields. */
const MODEL = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  domain: 4,
  modelVersion: 5,
  docString: 6,
  graph: 7,
  opsetImport: 8,
  metadataProps: 14,
  trainingInfo: 20,
  functions: 25,
} as const;
const TRAINING = { initialization: 1, algorithm: 2 } as const;
const GRAPH_NAME = 2;
const FUNCTION_NAME = 1;

export interface OnnxModel {
  readonly dialect: string;
  readonly metadata: Metadata;
  readonly graphs: readonly MessageSpan[];
  readonly functions: readonly MessageSpan[];
}

/** @param model the whole file. @throws AppError `corrupt`, `limit`. */
export async function readModel(model: MessageSpan): Promise<OnnxModel> {
  const fields = await fieldsOf(model, Object.values(MODEL));
  const graph = fields.last(MODEL.graph);
  if (!graph) throw new AppError('corrupt', 'the model has no graph', { file: model.source.name });
  const main = spanOf(graph, model, 'the graph');
  const training = fields
    .all(MODEL.trainingInfo)
    .map((field) => spanOf(field, model, 'the training information'));
  const graphs = [main];
  for (const span of training) graphs.push(...(await trainingGraphs(span)));
  const functions = fields.all(MODEL.functions).map((field) => spanOf(field, model, 'a function'));
  const texts = await describe(model, fields);
  const graphName = (await fieldsOf(main, [GRAPH_NAME])).last(GRAPH_NAME);
  const metadata = metadataFrom([
    ...texts.entries,
    ...(graphName ? [['graph', await textOf(graphName, main, PROTOBUF_TEXT_BYTES)] as const] : []),
    ...(functions.length > 0 ? [['functions', await functionNames(functions)] as const] : []),
  ]);
  return { dialect: texts.dialect, metadata, graphs, functions };
}

async function trainingGraphs(span: MessageSpan): Promise<MessageSpan[]> {
  const fields = await fieldsOf(span, Object.values(TRAINING));
  return [TRAINING.initialization, TRAINING.algorithm].flatMap((number) => {
    const field = fields.last(number);
    return field ? [spanOf(field, span, 'a training graph')] : [];
  });
}

type Entry = readonly [string, MetadataValue];

async function describe(model: MessageSpan, fields: Fields): Promise<{ entries: Entry[]; dialect: string }> {
  const text = async (number: number): Promise<string> => {
    const field = fields.last(number);
    return field ? textOf(field, model, PROTOBUF_TEXT_BYTES) : '';
  };
  const integer = (number: number): bigint => {
    const field = fields.last(number);
    return field ? BigInt.asIntN(64, integerOf(field, model)) : 0n;
  };
  const irVersion = integer(MODEL.irVersion);
  const producer = await text(MODEL.producerName);
  const producerVersion = await text(MODEL.producerVersion);
  const opsets = await opsetsOf(fields.all(MODEL.opsetImport), model);
  const props = await propertiesOf(fields.all(MODEL.metadataProps), model);
  const modelVersion = integer(MODEL.modelVersion);
  const named: Entry[] = [
    ['ir_version', narrow(irVersion)],
    ['opset_import', metadataFrom(opsets)],
    ['producer_name', producer],
    ['producer_version', producerVersion],
    ['domain', await text(MODEL.domain)],
    ['model_version', modelVersion === 0n ? '' : narrow(modelVersion)],
    ['doc_string', await text(MODEL.docString)],
  ];
  const entries = named.filter(([, value]) => value !== '');
  if (props.length > 0) entries.push(['metadata_props', metadataFrom(props)]);
  const opset = opsets.find(([domain]) => domain === 'ai.onnx')?.[1];
  const dialect = [
    `ONNX of IR version ${irVersion}`,
    ...(opset === undefined ? [] : [`opset ${opset}`]),
    ...(producer === '' ? [] : [`written by ${[producer, producerVersion].filter(Boolean).join(' ')}`]),
  ].join(', ');
  return { entries, dialect };
}

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** OperatorSetIdProto: domain, whose absence means the standard's own, and version. */
async function opsetsOf(
  fields: readonly SpanField[],
  model: MessageSpan,
): Promise<(readonly [string, number | bigint])[]> {
  const opsets: (readonly [string, number | bigint])[] = [];
  for (const field of fields) {
    const span = spanOf(field, model, 'an operator set');
    const inner = await fieldsOf(span, [1, 2]);
    const [domain, version] = [inner.last(1), inner.last(2)];
    const name = domain ? await textOf(domain, span, PROTOBUF_TEXT_BYTES) : '';
    opsets.push([name || 'ai.onnx', version ? narrow(integerOf(version, span)) : 0]);
  }
  return opsets;
}

async function functionNames(functions: readonly MessageSpan[]): Promise<string[]> {
  const names: string[] = [];
  for (const span of functions) {
    const name = (await fieldsOf(span, [FUNCTION_NAME])).last(FUNCTION_NAME);
    names.push(name ? await textOf(name, span, PROTOBUF_TEXT_BYTES) : '');
  }
  return names;
}
