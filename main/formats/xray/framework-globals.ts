/** Names that frameworks put into their own files, by framework. Each names a class or a function that rebuilds data. */

/** Names are separated by spaces; `Classes` stands for every name that begins with a capital letter. */
interface Family {
  readonly modules: string;
  readonly names: string;
}

const CLASSES = 'Classes';

const FAMILIES: readonly Family[] = [
  // PyTorch: torch/_utils.py, torch/storage.py, torch/_weights_only_unpickler.py
  {
    modules: 'torch torch.cuda torch.sparse torch.cuda.sparse',
    names:
      'Tensor Size device dtype Generator FloatStorage DoubleStorage HalfStorage LongStorage IntStorage ShortStorage CharStorage ' +
      'ByteStorage BoolStorage BFloat16Storage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QInt32Storage ' +
      'QUInt8Storage QUInt4x2Storage QUInt2x4Storage UntypedStorage TypedStorage FloatTensor DoubleTensor HalfTensor ' +
      'LongTensor IntTensor ShortTensor CharTensor ByteTensor BoolTensor BFloat16Tensor float16 float32 float64 half ' +
      'float double bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 short int long bool complex32 ' +
      'complex64 complex128 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu ' +
      'float4_e2m1fn_x2 bits8 bits16 bits1x8 bits2x4 bits4x2 qint8 qint32 quint8 quint4x2 quint2x4 uint1 uint2 uint3 ' +
      'uint4 uint5 uint6 uint7 int1 int2 int3 int4 int5 int6 int7 strided sparse_coo sparse_csr sparse_csc sparse_bsr ' +
      'sparse_bsc contiguous_format channels_last channels_last_3d preserve_format per_tensor_affine ' +
      'per_tensor_symmetric per_channel_affine per_channel_symmetric per_channel_affine_float_qparams',
  },
  {
    modules: 'torch._utils',
    names:
      '_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state ' +
      '_rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_meta_tensor_no_storage ' +
      '_rebuild_nested_tensor _rebuild_wrapper_subclass _rebuild_device_tensor_from_numpy ' +
      '_rebuild_device_tensor_from_cpu_tensor _rebuild_xla_tensor',
  },
  { modules: 'torch._tensor torch.tensor', names: '_rebuild_from_type_v2 _rebuild_from_type Tensor' },
  { modules: 'torch.serialization', names: '_get_layout StorageType' },
  { modules: 'torch.storage', names: 'UntypedStorage TypedStorage _StorageBase _TypedStorage' },
  {
    modules: 'torch.jit._pickle',
    names:
      'build_intlist build_tensorlist build_doublelist build_boollist build_tensor_from_id restore_type_tag',
  },
  {
    modules:
      'torch.nn torch.optim torch.distributions torch.ao torch.quantization torch.utils.data torchvision torchaudio ' +
      'torchtext timm torch_geometric torch.distributed.checkpoint torch.distributed._shard torch.distributed.tensor ' +
      'torch.distributed._tensor torch.distributed.device_mesh torch.amp torch.cuda.amp',
    names: CLASSES,
  },
  { modules: 'torch.utils._pytree', names: 'TreeSpec LeafSpec' },
  { modules: 'torch.distributed.checkpoint.metadata', names: '_MEM_FORMAT_ENCODING' },
  { modules: 'torch.distributed.checkpoint.filesystem', names: '_StorageInfo _StoragePrefix' },
  {
    modules:
      'pytorch_lightning lightning lightning_fabric pl_bolts torchmetrics omegaconf hydra fairseq allennlp apex deepspeed ' +
      'megatron transformers peft diffusers sentence_transformers tokenizers optuna chemprop ultralytics',
    names: CLASSES,
  },
  // NumPy: numpy/_core/multiarray.py, numpy/random/_pickle.py
  {
    modules:
      'numpy.core.multiarray numpy._core.multiarray numpy.core.numeric numpy._core.numeric numpy.core._multiarray_umath',
    names: '_reconstruct scalar _frombuffer array ndarray',
  },
  {
    modules: 'numpy',
    names:
      'ndarray dtype matrix recarray record generic bool_ bool int8 int16 int32 int64 intc int_ longlong uint8 uint16 ' +
      'uint32 uint64 uintc uint ulonglong float16 float32 float64 longdouble float128 complex64 complex128 clongdouble ' +
      'complex256 str_ bytes_ void datetime64 timedelta64 object_ Inf NaN',
  },
  { modules: 'numpy.dtypes', names: CLASSES },
  { modules: 'numpy.ma.core', names: '_mareconstruct MaskedArray' },
  { modules: 'numpy.ma', names: 'MaskedArray' },
  {
    modules:
      'numpy.rec numpy.core.records numpy._core.records numpy.matrixlib.defmatrix numpy.core.memmap numpy._core.memmap',
    names: 'recarray record matrix memmap',
  },
  {
    modules: 'numpy.random._pickle numpy.random.mtrand numpy.random',
    names: '__randomstate_ctor __generator_ctor __bit_generator_ctor RandomState Generator',
  },
  {
    modules:
      'numpy.random._mt19937 numpy.random._pcg64 numpy.random._philox numpy.random._sfc64 numpy.random.bit_generator',
    names: CLASSES,
  },
  {
    modules: 'ml_dtypes ml_dtypes._ml_dtypes_ext',
    names:
      'bfloat16 float8_e4m3fn float8_e5m2 float8_e4m3b11fnuz float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu ' +
      'float8_e3m4 float8_e4m3 float6_e2m3fn float6_e3m2fn float4_e2m1fn int4 uint4 int2 uint2',
  },
  // JAX, TensorFlow, MXNet, PaddlePaddle
  {
    modules: 'jax._src.array jax.interpreters.xla jax._src.device_array',
    names: '_reconstruct_array reconstruct_device_array make_device_array',
  },
  { modules: 'jax jaxlib flax optax haiku orbax chex', names: CLASSES },
  {
    modules: 'tensorflow.python.framework.ops tensorflow.python.framework.tensor_conversion',
    names: 'convert_to_tensor',
  },
  {
    modules:
      'tensorflow.python.framework tensorflow.python.ops.resource_variable_ops tensorflow.python.trackable keras keras.src',
    names: CLASSES,
  },
  { modules: 'mxnet', names: CLASSES },
  {
    modules: 'mxnet.ndarray mxnet.ndarray.ndarray mxnet.numpy mxnet.numpy.multiarray',
    names: 'NDArray ndarray array',
  },
  { modules: 'paddle', names: CLASSES },
  {
    modules: 'paddle.framework.io paddle.framework.io_utils',
    names: '_transformed_from_varbase tuple_to_tensor',
  },
  // what other pickles of numbers hold
  {
    modules: 'joblib.numpy_pickle joblib.numpy_pickle_utils',
    names: 'NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper',
  },
  { modules: 'sklearn scipy xgboost lightgbm catboost', names: CLASSES },
  {
    modules: 'scipy.sparse',
    names:
      'csr_matrix csc_matrix coo_matrix bsr_matrix dia_matrix dok_matrix lil_matrix csr_array csc_array coo_array bsr_array',
  },
  { modules: 'scipy.sparse._csr scipy.sparse.csr', names: 'csr_matrix csr_array' },
  { modules: 'scipy.sparse._csc scipy.sparse.csc', names: 'csc_matrix csc_array' },
  { modules: 'scipy.sparse._coo scipy.sparse.coo', names: 'coo_matrix coo_array' },
  { modules: 'scipy.sparse._bsr scipy.sparse.bsr', names: 'bsr_matrix bsr_array' },
  {
    modules: 'sklearn.tree._tree sklearn.neighbors._kd_tree sklearn.neighbors._ball_tree',
    names: 'newObj Tree',
  },
  { modules: 'pandas', names: CLASSES },
  {
    modules: 'pandas.core.internals.managers pandas._libs.internals',
    names: '_unpickle_block BlockManager SingleBlockManager',
  },
  { modules: 'pandas.core.indexes.base', names: '_new_Index Index' },
];

/** Exact names by `module.name`, and modules whose classes count, submodules included. */
const NAMED: ReadonlySet<string> = new Set(
  FAMILIES.flatMap(({ modules, names }) =>
    names === CLASSES
      ? []
      : modules.split(' ').flatMap((module) => names.split(' ').map((name) => `${module}.${name}`)),
  ),
);
const WITH_CLASSES: ReadonlySet<string> = new Set(
  FAMILIES.flatMap(({ modules, names }) => (names === CLASSES ? modules.split(' ') : [])),
);

/** Whether a framework puts exactly this name into its files. */
export function isFrameworkName(module: string, name: string): boolean {
  return NAMED.has(`${module}.${name}`);
}

/** Whether the name is that of a class, without dots, in a framework's package. */
export function isFrameworkClass(module: string, name: string): boolean {
  if (!/^_?[A-Z][A-Za-z0-9_]*$/.test(name)) return false;
  const parts = module.split('.');
  for (let length = parts.length; length > 0; length--) {
    if (WITH_CLASSES.has(parts.slice(0, length).join('.'))) return true;
  }
  return false;
}
