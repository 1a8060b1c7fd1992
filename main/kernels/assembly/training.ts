/** The entry of the training module: what its exports are, `main/kernels/training-module.ts` types. */
export { workspace } from './workspace';
export {
  useScratch,
  packLeft32,
  packLeft64,
  packRight32,
  packRight64,
  multiply32,
  multiply64,
} from './product';
export {
  activate32,
  activate64,
  slope32,
  slope64,
  fillRows32,
  fillRows64,
  columnSums32,
  columnSums64,
} from './layers';
export { crossEntropy32, crossEntropy64, squaredError32, squaredError64 } from './losses';
export {
  sgd32,
  sgd64,
  adam32,
  adam64,
  rmsprop32,
  rmsprop64,
  adagrad32,
  adagrad64,
  average32,
  average64,
  scale32,
  scale64,
  squareSum32,
  squareSum64,
} from './optimizers';
export { dropout32, dropout64 } from './dropout';
export { exp, log, tanh, cosine, erf } from './functions';
export { normals } from './normal';
export { normalQuantile } from './normal-quantile';
