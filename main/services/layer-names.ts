/** How frameworks name the parts of a layer. */
import type { TensorInfo } from '#shared/tensor.ts';

/** Wrappers put these in front of every name: DataParallel, torch.compile, Lightning, MXNet's Module, flax. */
const PREFIXES = [
  'module.',
  '_orig_mod.',
  'state_dict.',
  'model_state_dict.',
  'model.',
  'net.',
  'network.',
  'arg:',
  'aux:',
  'params.',
];

/** The name without what wrappers put in front of it. */
export function strippedName(name: string): string {
  let rest = name;
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const prefix of PREFIXES) {
      if (rest.startsWith(prefix) && rest.length > prefix.length) {
        rest = rest.slice(prefix.length);
        isChanged = true;
      }
    }
  }
  return rest;
}

export interface LayerRole {
  /** Parameters are compared with parameters, optimizer slots with optimizer slots. */
  readonly group: 'parameter' | 'optimizer';
  /** What the tensor is to its layer, in PyTorch's words. */
  readonly part: string;
  /** The layer's own name, as far as it is one. */
  readonly layer: string;
  /** Whether matrices are stored as inputs × outputs, as TensorFlow, Keras and JAX do. */
  readonly isInputsFirst: boolean;
}

const PARTS: ReadonlyMap<string, string> = new Map([
  ['kernel', 'weight'],
  ['_kernel', 'weight'],
  ['w', 'weight'],
  ['gamma', 'weight'],
  ['scale', 'weight'],
  ['embedding', 'weight'],
  ['embeddings', 'weight'],
  ['b', 'bias'],
  ['beta', 'bias'],
  ['moving_mean', 'running_mean'],
  ['mean', 'running_mean'],
  ['moving_variance', 'running_var'],
  ['var', 'running_var'],
]);

const INPUTS_FIRST = new Set(['kernel', '_kernel']);
const BOOKKEEPING = new Set([
  '.ATTRIBUTES',
  'VARIABLE_VALUE',
  'vars',
  'params',
  'layers',
  'model_weights',
  'variables',
]);

/** Reads a tensor's role out of its name. */
export function layerRole({ name, label }: TensorInfo): LayerRole {
  const text = strippedName(name);
  const group = /optimizer|OPTIMIZER_SLOT/i.test(name) ? 'optimizer' : 'parameter';
  const words = (label ?? text)
    .replace(/\/\.ATTRIBUTES\/VARIABLE_VALUE$/, '')
    .replace(/:\d+$/, '')
    .split(/[/.]/)
    .filter((word) => word !== '' && !BOOKKEEPING.has(word));
  const last = words[words.length - 1] ?? '';
  const layer = words[words.length - 2] ?? '';
  const numbered = /(?:^|\/)vars\/(\d+)$/.exec(name);
  if (numbered) {
    // Keras 3 numbers a layer's variables: a dense layer's kernel, then its bias
    return { group, part: numbered[1] === '0' ? 'weight' : 'bias', layer, isInputsFirst: true };
  }
  return { group, part: PARTS.get(last) ?? last, layer, isInputsFirst: INPUTS_FIRST.has(last) };
}
