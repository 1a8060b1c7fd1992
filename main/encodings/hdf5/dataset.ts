import { TEXT_ARRAY_BYTES } from '#main/bytes/limits.ts';
import type { SourceList } from '#main/bytes/source-list.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { Filter } from '#main/encodings/filters/filters.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { parseDataLayout, type DataLayout } from '#main/encodings/hdf5/data-layout.ts';
import { placeChunks, readWhole, type DatasetPlace } from '#main/encodings/hdf5/dataset-place.ts';
import { parseDataspace, type Dataspace } from '#main/encodings/hdf5/dataspace.ts';
import { parseDatatype } from '#main/encodings/hdf5/datatype.ts';
import { elementTypeOf, type NumberElement, type TextElement } from '#main/encodings/hdf5/element-type.ts';
import { openExternal, parseExternalFiles, type OpenBeside } from '#main/encodings/hdf5/external-files.ts';
import { parseFillValue, parseOldFillValue } from '#main/encodings/hdf5/fill-value.ts';
import { parsePipeline, requireFilters } from '#main/encodings/hdf5/filter-pipeline.ts';
import { numberValues, type NumberValues } from '#main/encodings/hdf5/number-values.ts';
import { MESSAGE, type ObjectHeader } from '#main/encodings/hdf5/object-header.ts';
import type { Hdf5Messages } from '#main/encodings/hdf5/shared-messages.ts';
import type { TextReader } from '#main/encodings/hdf5/text-reader.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** Something about a dataset that can be lived with. */
export interface DatasetProblem {
  /** Kebab-case and stable. */
  readonly code: string;
  readonly message: string;
}

/** What a dataset is to us. Values that cannot be read are `none`, with the problem. */
export type DatasetContent =
  | {
      readonly kind: 'tensor';
      /** Canonical dtype name. */
      readonly dtype: string;
      readonly shape: readonly number[];
      readonly offers?: readonly string[];
      readonly values: DatasetValues;
      readonly problem?: DatasetProblem;
    }
  /** Nothing that could be a tensor. */
  | { readonly kind: 'other'; readonly problem: DatasetProblem };

export type DatasetValues =
  | NumberValues
  | { readonly kind: 'strings'; readonly values: readonly (string | Uint8Array)[] }
  | { readonly kind: 'none' };

/** What reading a dataset needs of its file. */
export interface DatasetContext {
  readonly blocks: Hdf5Blocks;
  readonly messages: Hdf5Messages;
  readonly texts: TextReader;
  /** Where values are is said by the number of a source in this list. */
  readonly sources: SourceList;
  readonly openBeside: OpenBeside;
}

/** Whether an object header is a dataset's. */
export function isDataset({ messages }: ObjectHeader): boolean {
  return messages.some(({ type }) => type === MESSAGE.dataLayout);
}

/**
 * Describes a dataset; texts are read, numbers are not.
 * @param savedAs the dtype that an attribute says its bytes are of.
 * @throws AppError `corrupt` and others for a dataset whose type or shape cannot be told.
 */
export async function describeDataset(
  context: DatasetContext,
  header: ObjectHeader,
  savedAs: string | undefined,
): Promise<DatasetContent> {
  const { blocks, messages } = context;
  const spaceFields = await messages.first(header, MESSAGE.dataspace);
  const typeFields = await messages.first(header, MESSAGE.datatype);
  if (!spaceFields || !typeFields) {
    throw new AppError('corrupt', 'a dataset has no type or no shape', {
      file: blocks.source.name,
      offset: blocks.base + header.address,
    });
  }
  const space = parseDataspace(spaceFields);
  if (space.isNull)
    return other('no-values', 'the dataset has a type and no elements at all, so it is no tensor');
  const element = elementTypeOf(parseDatatype(typeFields), savedAs);
  if (element.kind === 'other') {
    return other('unsupported', `the elements are ${element.description}, which make no tensor`);
  }
  const shape = [...space.shape, ...element.shape];
  const dtype = element.kind === 'text' ? 'str' : element.dtype;
  const offers = element.kind === 'number' ? element.offers : undefined;
  const tensor = { kind: 'tensor', dtype, shape, ...(offers ? { offers } : {}) } as const;
  try {
    const values =
      element.kind === 'text'
        ? await textValues(context, header, space, element)
        : await readNumbers(context, header, space, element);
    return { ...tensor, values };
  } catch (error) {
    if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled' || error.code === 'internal')
      throw error;
    const code = error.code === 'not-found' ? 'missing-part' : error.code;
    return { ...tensor, values: { kind: 'none' }, problem: { code, message: messageOf(error) } };
  }
}

function other(code: string, message: string): DatasetContent {
  return { kind: 'other', problem: { code, message } };
}

/** A problem has no fields of its own for these. */
function messageOf({ message, fields: { expected, found, hint } }: AppError): string {
  if (hint !== undefined) return `${message}; ${hint}`;
  if (expected !== undefined && found !== undefined)
    return `${message}: expected ${expected}, found ${found}`;
  return expected === undefined ? message : `${message}: expected ${expected}`;
}

async function readNumbers(
  context: DatasetContext,
  header: ObjectHeader,
  space: Dataspace,
  element: NumberElement,
): Promise<DatasetValues> {
  if ([...space.shape, ...element.shape].includes(0)) return { kind: 'inline', bytes: new Uint8Array(0) };
  const elementBytes = element.shape.reduce((product, size) => product * size, element.size);
  const place = await placeOf(context, header, space, elementBytes);
  return numberValues(context, space.shape, element, place, await fillOf(context, header));
}

async function textValues(
  context: DatasetContext,
  header: ObjectHeader,
  space: Dataspace,
  { type, shape }: TextElement,
): Promise<DatasetValues> {
  const perElement = shape.reduce((product, size) => product * size, 1);
  const elementBytes = perElement * type.size;
  const count = elementCountOf(space.shape);
  if (count === 0) return { kind: 'strings', values: [] };
  if (count === undefined || count * elementBytes > TEXT_ARRAY_BYTES) {
    throw new AppError('limit', 'the dataset has more text than is read when a file is opened', {
      expected: `at most ${TEXT_ARRAY_BYTES} bytes`,
      found: `${(count ?? Infinity) * elementBytes} bytes`,
    });
  }
  const place = await placeOf(context, header, space, elementBytes);
  const bytes = await readWhole(
    context.blocks,
    place,
    space.shape,
    elementBytes,
    await fillOf(context, header),
  );
  return { kind: 'strings', values: await context.texts.read(bytes, type) };
}

/** One element of the dataset's type, as stored; undefined where zeros fill. */
async function fillOf({ messages }: DatasetContext, header: ObjectHeader): Promise<Uint8Array | undefined> {
  const fields = await messages.first(header, MESSAGE.fillValue);
  if (fields) return parseFillValue(fields);
  const old = await messages.first(header, MESSAGE.oldFillValue);
  return old && parseOldFillValue(old);
}

async function placeOf(
  context: DatasetContext,
  header: ObjectHeader,
  space: Dataspace,
  elementBytes: number,
): Promise<DatasetPlace> {
  const { blocks, messages } = context;
  const layout = await layoutOf(context, header);
  const byteLength = (elementCountOf(space.shape) ?? Infinity) * elementBytes;
  if (layout.kind === 'virtual') {
    throw new AppError(
      'unsupported',
      'the values are put together from other datasets (a virtual dataset), which is not read',
    );
  }
  if (layout.kind === 'chunked') {
    const pipeline = await messages.first(header, MESSAGE.filterPipeline);
    const filters: Filter[] = pipeline ? requireFilters(parsePipeline(pipeline), elementBytes) : [];
    const chunkBytes = layout.chunkShape.reduce((product, size) => product * size, elementBytes);
    const { shape, mostShape } = space;
    const chunks = await placeChunks(blocks, layout, { shape, mostShape, chunkBytes }, filters);
    return { kind: 'chunks', chunkShape: layout.chunkShape, chunks };
  }
  const external = await messages.first(header, MESSAGE.externalFiles);
  if (external) {
    const parts = await parseExternalFiles(external, blocks);
    return { kind: 'piece', source: await openExternal(parts, byteLength, context.openBeside) };
  }
  if (layout.address === undefined) return { kind: 'chunks', chunkShape: space.shape, chunks: [] };
  if (layout.byteLength !== undefined && layout.byteLength < byteLength) {
    throw new AppError('corrupt', 'the dataset has less room than its elements take', {
      expected: `${byteLength} bytes`,
      found: `${layout.byteLength} bytes`,
    });
  }
  return { kind: 'piece', source: spanSource(blocks.source, blocks.base + layout.address, byteLength) };
}

async function layoutOf({ blocks, messages }: DatasetContext, header: ObjectHeader): Promise<DataLayout> {
  const message = header.messages.find(({ type }) => type === MESSAGE.dataLayout);
  if (message) return parseDataLayout(await messages.body(message), message.address);
  throw new AppError('corrupt', 'a dataset does not say where its values are', {
    file: blocks.source.name,
    offset: blocks.base + header.address,
  });
}
