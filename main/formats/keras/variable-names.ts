/**
 * Names of a layer's variables in the order that Keras 3 numbers them, by the kind of layer and how many variables it has:
 * keras/src/layers of Keras 3. Kinds whose settings leave a number open are not here.
 */
const BY_KIND: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ['dense', [['kernel'], ['kernel', 'bias']]],
  ['einsum_dense', [['kernel'], ['kernel', 'bias']]],
  ['conv1d', [['kernel'], ['kernel', 'bias']]],
  ['conv2d', [['kernel'], ['kernel', 'bias']]],
  ['conv3d', [['kernel'], ['kernel', 'bias']]],
  ['conv1d_transpose', [['kernel'], ['kernel', 'bias']]],
  ['conv2d_transpose', [['kernel'], ['kernel', 'bias']]],
  ['conv3d_transpose', [['kernel'], ['kernel', 'bias']]],
  ['depthwise_conv1d', [['kernel'], ['kernel', 'bias']]],
  ['depthwise_conv2d', [['kernel'], ['kernel', 'bias']]],
  ['separable_conv1d', separable()],
  ['separable_conv2d', separable()],
  ['embedding', [['embeddings']]],
  ['batch_normalization', [['gamma', 'beta', 'moving_mean', 'moving_variance']]],
  ['layer_normalization', [['gamma', 'beta']]],
  ['group_normalization', [['gamma', 'beta']]],
  ['prelu', [['alpha']]],
  // of LSTM, GRU and simple RNN layers
  [
    'cell',
    [
      ['kernel', 'recurrent_kernel'],
      ['kernel', 'recurrent_kernel', 'bias'],
    ],
  ],
]);

function separable(): readonly (readonly string[])[] {
  const kernels = ['depthwise_kernel', 'pointwise_kernel'];
  return [kernels, [...kernels, 'bias']];
}

const OPTIMIZER = ['iteration', 'learning_rate'];

/**
 * What a layer calls its variable of a number.
 * @param layer path of the layer's group, whose last part tells its kind: `layers/dense_1`.
 * @returns undefined where that cannot be told.
 */
export function variableName(layer: string, number: string, count: number): string | undefined {
  if (layer === 'optimizer') return OPTIMIZER[Number(number)];
  const kind = layer.slice(layer.lastIndexOf('/') + 1).replace(/_\d+$/, '');
  return BY_KIND.get(kind)?.find((names) => names.length === count)?.[Number(number)];
}
