import { isJoblibWrapper } from '#main/encodings/ndarray/joblib-array.ts';
import type { PickledFile } from '#main/encodings/ndarray/pickled-file.ts';
import type { Pickle } from '#main/encodings/pickle/pickle.ts';
import { asKind } from '#main/encodings/pickle/nodes.ts';
import { textOf } from '#main/encodings/pickle/content.ts';

/** What paddle.save puts beside the arrays of a state dict. */
const PADDLE_KEY = 'StructuredToParameterName@@';

/** Who likely wrote the pickles of a file, in a sentence. */
export function dialectOf(pickles: readonly Pickle[], packing: PickledFile['packing']): string {
  const protocol = Math.max(...pickles.map((pickle) => pickle.protocol));
  const count = pickles.length === 1 ? '' : `, ${pickles.length} in a row`;
  const packed = packing === 'none' ? '' : `, packed by ${packing}`;
  return `${writerOf(pickles)}, protocol ${protocol}${count}${packed}`;
}

function writerOf(pickles: readonly Pickle[]): string {
  const keys = pickles.flatMap(({ root }) => asKind(root, 'dict')?.keys ?? []);
  if (keys.some((key) => textOf(key) === PADDLE_KEY)) return 'PaddlePaddle state dict';
  const imports = pickles.flatMap((pickle) => pickle.imports);
  if (imports.some(({ module, name }) => isJoblibWrapper(module, name))) return 'joblib file';
  const isOf = (top: string): boolean =>
    imports.some(({ module }) => module === top || module.startsWith(`${top}.`));
  const library = LIBRARIES.find(([module]) => isOf(module))?.[1];
  return library === undefined ? 'Python pickle' : `Python pickle of ${library} objects`;
}

/** By the name of the module, the more telling ones first. */
const LIBRARIES: readonly (readonly [string, string])[] = [
  ['sklearn', 'scikit-learn'],
  ['xgboost', 'XGBoost'],
  ['lightgbm', 'LightGBM'],
  ['pandas', 'pandas'],
  ['jax', 'JAX'],
  ['jaxlib', 'JAX'],
  ['flax', 'Flax'],
  ['paddle', 'PaddlePaddle'],
  ['tensorflow', 'TensorFlow'],
  ['torch', 'PyTorch'],
];
