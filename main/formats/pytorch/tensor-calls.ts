// torch/_utils.py, torch/_tensor.py: the functions that a pickle of tensors calls.
import { pickledArray, type PickledArray } from '#main/encodings/ndarray/pickled-array.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, numberOf, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { entriesOfState } from '#main/encodings/pickle/object-parts.ts';
import { unwrapSubclass, type Unwrapped } from '#main/formats/pytorch/subclass.ts';
import { dimensionsOf, dtypeOf, viewOf, type TensorView } from '#main/formats/pytorch/tensor-view.ts';
import { AppError } from '#shared/errors.ts';

/** A tensor as the pickle describes it. */
export type TorchTensor =
  | { readonly kind: 'dense'; readonly view: TensorView }
  | { readonly kind: 'meta'; readonly dtype: string; readonly shape: readonly number[] }
  | { readonly kind: 'quantised'; readonly view: TensorView; readonly quantiser: Quantiser }
  | { readonly kind: 'sparse'; readonly sparse: SparseTensor }
  /** Tensors of different shapes in one buffer. */
  | {
      readonly kind: 'nested';
      readonly buffer: TensorView;
      readonly sizes: TensorView;
      readonly strides: TensorView;
      readonly offsets: TensorView | readonly number[];
    }
  | { readonly kind: 'array'; readonly array: PickledArray };

export interface Quantiser {
  /** `per_tensor_affine`, `per_channel_affine`, … */
  readonly scheme: string;
  readonly perTensor?: { readonly scale: number; readonly zeroPoint: number };
  readonly perChannel?: {
    readonly scales: TensorView;
    readonly zeroPoints: TensorView;
    readonly axis: number;
  };
}

export interface SparseTensor {
  /** `coo`, `csr`, `csc`, `bsr`, `bsc`. */
  readonly layout: string;
  readonly shape: readonly number[];
  /** By torch's own names for them. */
  readonly parts: ReadonlyMap<string, TensorView>;
}

export interface FoundTensor {
  readonly tensor: TorchTensor;
  /** Python attributes of the tensor. */
  readonly attributes: readonly (readonly [string, PickleNode])[];
  /** Of a tensor that is spread over processes, of which this is one's part. */
  readonly wholeShape?: readonly number[];
}

/** Wrappers inside each other that are looked through: torch has two. */
const WRAPPINGS = 16;

/**
 * The tensor that a node rebuilds, looking through parameters and subclasses.
 * @returns undefined for anything else, wrapper subclasses without data of their own included.
 * @throws AppError for a tensor that makes no sense.
 */
export function tensorOf(node: PickleNode | undefined): FoundTensor | undefined {
  const attributes: (readonly [string, PickleNode])[] = [];
  let inner = node;
  let whole: Pick<FoundTensor, 'wholeShape'> = {};
  for (let wrappings = 0; wrappings < WRAPPINGS; wrappings++) {
    const call = torchCall(inner);
    if (!call) return undefined;
    const build = BUILDERS.get(call.name);
    if (build) return { tensor: build(call.args), attributes, ...whole };
    const wrapper = WRAPPERS.get(call.name);
    if (!wrapper) return undefined;
    const unwrapped = wrapper(call.args, call.state);
    attributes.push(...(unwrapped.attributes ?? []));
    if (unwrapped.wholeSize !== undefined) whole = { wholeShape: dimensionsOf(unwrapped.wholeSize) };
    inner = unwrapped.node;
  }
  return undefined;
}

interface TorchCall {
  readonly name: string;
  readonly args: readonly PickleNode[];
  /** What the object was given once it was made. */
  readonly state: PickleNode | undefined;
}

/** A call of a function or class of torch, by the last part of its name: its module moved between releases. */
function torchCall(node: PickleNode | undefined): TorchCall | undefined {
  const call = asKind(node, 'call') ?? asKind(asKind(node, 'persistent')?.inserted, 'call');
  const callable = asKind(call?.callable, 'global');
  const args = itemsOf(call?.args);
  if (!callable || !args) return undefined;
  // the class and its arguments, as protocols 0 and 1 have it
  const made = callable.name === '__newobj__' ? asKind(args[0], 'global') : undefined;
  const { module, name } = made ?? callable;
  if (module !== 'torch' && !module.startsWith('torch.')) return undefined;
  return { name, args: made ? args.slice(1) : args, state: call?.states?.[0] };
}

type Args = readonly PickleNode[];

const BUILDERS: ReadonlyMap<string, (args: Args) => TorchTensor> = new Map<
  string,
  (args: Args) => TorchTensor
>([
  ['_rebuild_tensor', (args) => ({ kind: 'dense', view: viewOf(args) })],
  ['_rebuild_tensor_v2', (args) => ({ kind: 'dense', view: viewOf(args, undefined, args[6]) })],
  ['_rebuild_tensor_v3', (args) => ({ kind: 'dense', view: viewOf(args, args[6], args[7]) })],
  [
    '_rebuild_qtensor',
    (args) => ({ kind: 'quantised', view: viewOf(args), quantiser: quantiserOf(args[4]) }),
  ],
  ['_rebuild_sparse_tensor', sparseTensor],
  ['_rebuild_sparse_csr_tensor', sparseTensor],
  ['_rebuild_meta_tensor_no_storage', metaTensor],
  ['_rebuild_nested_tensor', nestedTensor],
  ['_rebuild_device_tensor_from_numpy', fromNumpy],
  ['_rebuild_xla_tensor', fromNumpy],
  ['_rebuild_mlc_tensor', fromNumpy],
  ['_rebuild_ort_tensor', fromNumpy],
  ['_rebuild_hpu_tensor', fromNumpy],
]);

type Unwrap = (args: Args, state: PickleNode | undefined) => Unwrapped;

const WRAPPERS: ReadonlyMap<string, Unwrap> = new Map<string, Unwrap>([
  ['_rebuild_parameter', ([data]) => ({ node: data })],
  [
    '_rebuild_parameter_with_state',
    ([data, , , state]) => ({ node: data, attributes: entriesOfState(state) ?? [] }),
  ],
  ['_rebuild_device_tensor_from_cpu_tensor', ([data]) => ({ node: data })],
  ['_rebuild_from_type', unwrapSubclass],
  ['_rebuild_from_type_v2', unwrapSubclass],
  ['Parameter', variable],
  ['Buffer', ([data]) => ({ node: data })],
  ['Variable', variable],
]);

/** Made of its data; in the first releases made of nothing, and given `(data, gradient, hooks, …)`. */
function variable([data]: Args, state: PickleNode | undefined): Unwrapped {
  return { node: data ?? itemsOf(state)?.[0] };
}

function metaTensor([dtype, size]: Args): TorchTensor {
  return { kind: 'meta', dtype: dtypeOf(dtype).dtype, shape: dimensionsOf(size) };
}

function fromNumpy([data]: Args): TorchTensor {
  const array = pickledArray(data);
  if (array) return { kind: 'array', array };
  throw new AppError('corrupt', 'a tensor that was saved as an array holds none');
}

function nestedTensor([buffer, sizes, strides, offsets]: Args): TorchTensor {
  const numbers = itemsOf(offsets)?.map((offset) => numberOf(offset) ?? -1);
  return {
    kind: 'nested',
    buffer: denseView(buffer),
    sizes: denseView(sizes),
    strides: denseView(strides),
    offsets: numbers ?? denseView(offsets),
  };
}

/** `(scheme, scale, zero point)` or `(scheme, scales, zero points, axis)`. */
function quantiserOf(node: PickleNode | undefined): Quantiser {
  const [schemeNode, first, second, axis] = itemsOf(node) ?? [];
  const scheme = asKind(schemeNode, 'global')?.name ?? textOf(schemeNode);
  if (scheme === undefined)
    throw new AppError('corrupt', 'a quantised tensor does not tell how it is quantised');
  if (scheme.startsWith('per_channel')) {
    const perChannel = { scales: denseView(first), zeroPoints: denseView(second), axis: numberOf(axis) ?? 0 };
    return { scheme, perChannel };
  }
  const [scale, zeroPoint] = [numberOf(first), numberOf(second)];
  if (scale === undefined || zeroPoint === undefined)
    throw new AppError('corrupt', 'a quantised tensor has no scale');
  return { scheme, perTensor: { scale, zeroPoint } };
}

/** The two index arrays of compressed layouts, by torch's names. */
const COMPRESSED_PARTS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['csr', ['crow_indices', 'col_indices']],
  ['bsr', ['crow_indices', 'col_indices']],
  ['csc', ['ccol_indices', 'row_indices']],
  ['bsc', ['ccol_indices', 'row_indices']],
]);

/** Layouts by their number in C++, which TorchScript writes: c10/core/Layout.h. */
const LAYOUTS: ReadonlyMap<PickleNode, string> = new Map([
  [1, 'coo'],
  [2, 'csr'],
  [4, 'csc'],
  [5, 'bsr'],
  [6, 'bsc'],
]);

/** `(layout, (parts, size))`, or as TorchScript has it `(layout, size, requires_grad, parts, hooks)`. */
function sparseTensor(args: Args): TorchTensor {
  const layout = LAYOUTS.get(args[0] ?? null);
  if (layout === undefined) {
    return { kind: 'sparse', sparse: sparseOf(layoutName(args[0]), itemsOf(args[1]) ?? []) };
  }
  const [, size = null, , ...rest] = args;
  return { kind: 'sparse', sparse: sparseOf(layout, [...rest.slice(0, layout === 'coo' ? 2 : 3), size]) };
}

function sparseOf(layout: string, parts: readonly PickleNode[]): SparseTensor {
  if (layout === 'coo') {
    const [indices, values, size] = parts;
    const views: [string, TensorView][] = [
      ['indices', denseView(indices)],
      ['values', denseView(values)],
    ];
    return { layout, shape: dimensionsOf(size), parts: new Map(views) };
  }
  const names = COMPRESSED_PARTS.get(layout);
  if (!names) throw new AppError('unsupported', `sparse tensors of the layout ${layout} are not read`);
  const [compressed, plain, values, size] = parts;
  const views: [string, TensorView][] = [
    [names[0], denseView(compressed)],
    [names[1], denseView(plain)],
    ['values', denseView(values)],
  ];
  return { layout, shape: dimensionsOf(size), parts: new Map(views) };
}

/** `torch.serialization._get_layout('torch.sparse_coo')`, or the layout itself. */
function layoutName(node: PickleNode | undefined): string {
  const text =
    textOf(itemsOf(asKind(node, 'call')?.args)?.[0]) ?? asKind(node, 'global')?.name ?? textOf(node) ?? '';
  return text.replace('torch.', '').replace('sparse_', '');
}

function denseView(node: PickleNode | undefined): TensorView {
  const found = tensorOf(node)?.tensor;
  if (found?.kind === 'dense') return found.view;
  throw new AppError('corrupt', 'a tensor consists of parts of which one is no dense tensor');
}
