import type { Format } from '#main/formats/contract.ts';
import { flax } from '#main/formats/flax/flax.ts';
import { gguf } from '#main/formats/gguf/gguf.ts';
import { hdf5 } from '#main/formats/hdf5/hdf5.ts';
import { keras } from '#main/formats/keras/keras.ts';
import { mxnet } from '#main/formats/mxnet/mxnet.ts';
import { numpy } from '#main/formats/numpy/numpy.ts';
import { onnx } from '#main/formats/onnx/onnx.ts';
import { orbax } from '#main/formats/orbax/orbax.ts';
import { pickle } from '#main/formats/pickle/pickle.ts';
import { pytorch } from '#main/formats/pytorch/pytorch.ts';
import { safetensors } from '#main/formats/safetensors/safetensors.ts';
import { tensorflow } from '#main/formats/tensorflow/tensorflow.ts';

/** Every format that opens, one line each. The order does not matter: each decides from the content alone. */
export const FORMATS: readonly Format[] = [
  flax,
  gguf,
  hdf5,
  keras,
  mxnet,
  numpy,
  onnx,
  orbax,
  pickle,
  pytorch,
  safetensors,
  tensorflow,
];
