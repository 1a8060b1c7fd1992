import { layerRole, type LayerRole } from '#main/services/layer-names.ts';
import { AppError } from '#shared/errors.ts';
import { isFloating } from '#shared/dtype.ts';
import type { TensorInfo } from '#shared/tensor.ts';

/** A tensor that may be a weight or a bias. */
export interface Candidate {
  readonly info: TensorInfo;
  readonly role: LayerRole;
}

/** The parameters that a file offers to linear layers, each kind in the order of the network. */
export interface Candidates {
  readonly weights: readonly Candidate[];
  readonly biases: readonly Candidate[];
  /** Parameters that are neither: with one of these the file is more than an MLP. */
  readonly others: readonly Candidate[];
}

/** A weight with its bias, found in a file. */
export interface LayerTensors {
  readonly weight: string;
  readonly bias?: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the file stores the weight as inputs x outputs. */
  readonly isTransposed: boolean;
}

export function findCandidates(tensors: readonly TensorInfo[]): Candidates {
  const all = inNetworkOrder(tensors.filter(({ noData, dtype }) => !noData && isFloating(dtype))).map(
    (info) => ({
      info,
      role: layerRole(info),
    }),
  );
  // an optimizer's moments have the shapes of its parameters
  const parameters = copiesLast(all.filter(({ role }) => role.group === 'parameter' && !isMoment(role.part)));
  const ofRank = (rank: number) => parameters.filter(({ info }) => info.shape.length === rank);
  return {
    weights: ofRank(2),
    biases: ofRank(1),
    others: parameters.filter(({ info }) => info.shape.length > 2),
  };
}

/** PyTorch's names for what its optimizers keep. */
function isMoment(part: string): boolean {
  return /^(exp_avg(_sq)?|max_exp_avg_sq|square_avg|grad_avg|momentum_buffer)$/.test(part);
}

/** Moving averages stand beside their parameters as `ema.hidden.weight` beside `hidden.weight`: they are not the ones meant. */
function copiesLast(candidates: readonly Candidate[]): readonly Candidate[] {
  const names = new Set(candidates.map(({ info }) => info.name));
  const isCopy = ({ info: { name } }: Candidate) => names.has(name.slice(name.indexOf('.') + 1));
  return [...candidates.filter((one) => !isCopy(one)), ...candidates.filter(isCopy)];
}

/** Writers that sort names put `layers.10` before `layers.2`; others keep the order of the network. */
function inNetworkOrder(tensors: readonly TensorInfo[]): readonly TensorInfo[] {
  const isSorted = tensors.every(({ name }, index) => index === 0 || tensors[index - 1]!.name <= name);
  if (!isSorted) return tensors;
  return [...tensors].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Whether a tensor belongs to a layer of this name: the name is a whole part of its own. */
export function bearsName({ info }: Candidate, name: string): boolean {
  const parts = (text: string) => text.split(/[./:]/).join('/');
  return [info.name, info.label ?? ''].some((own) => `/${parts(own)}/`.includes(`/${parts(name)}/`));
}

/** Whether a weight can be that of a layer; for square ones both ways are. */
export function fits({ info }: Candidate, inputs: number, outputs: number): boolean {
  const [rows, columns] = info.shape;
  return (rows === outputs && columns === inputs) || (rows === inputs && columns === outputs);
}

/** Whether the file stores inputs x outputs. Square weights go by the others of the file, then by their names. */
export function isTransposed(
  candidate: Candidate,
  inputs: number,
  all: readonly Candidate[],
  chosen: readonly LayerTensors[],
): boolean {
  const [rows, columns] = candidate.info.shape;
  if (rows !== columns) return rows === inputs;
  if (all.some(({ role }) => role.isInputsFirst)) return true;
  const telling = chosen.find((layer) => layer.inputs !== layer.outputs);
  return telling?.isTransposed ?? false;
}

/** The bias that goes with a weight: of its size, and nearest to it by name. */
export function biasOf(
  weight: Candidate,
  outputs: number,
  biases: readonly Candidate[],
  isTaken: (name: string) => boolean,
): Candidate | undefined {
  let best: Candidate | undefined;
  let longest = -1;
  for (const bias of biases) {
    if (bias.info.shape[0] !== outputs || isTaken(bias.info.name)) continue;
    const common = commonLength(bias.info.name, weight.info.name);
    if (common <= longest) continue;
    best = bias;
    longest = common;
  }
  return best;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

export function noTensorFits(
  layer: number,
  inputs: number,
  outputs: number,
  candidates: Candidates,
): AppError {
  const found = candidates.weights.map(({ info }) => `${info.name} [${info.shape.join(', ')}]`).slice(0, 8);
  return new AppError('invalid-params', `no tensor fits layer ${layer}`, {
    expected: `[${outputs}, ${inputs}] or [${inputs}, ${outputs}]`,
    found: found.join(', ') || 'no matrices',
  });
}
