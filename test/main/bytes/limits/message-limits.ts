import { partNames } from '#main/formats/tensorflow/version1-names.ts';
import { storedZip } from '#test/kit/npy-bytes.ts';
import { ggufBytes, type GgufTensor } from '#test/kit/gguf-bytes.ts';
import { fixture, latin1, whenOpened, type LimitCase } from '#test/main/bytes/limits/limit-case.ts';

function safetensors(header: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Uint8Array.from(Buffer.concat([length, latin1(header)]));
}

const EMPTY = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]';

const tensor = (name: string, offset: number): GgufTensor => ({ name, dims: [1], type: 0, offset });
const U16 = 2;
const STRING = 8;
const gguf = (parts: Parameters<typeof ggufBytes>[0]) => ({ 'f.gguf': ggufBytes(parts) });
const text = (value: string) => ({ type: STRING, value }) as const;

const PART = 'm-00001-of-00003.gguf';
const SPLIT = ggufBytes({
  pairs: [
    ['split.no', { type: U16, value: 0 }],
    ['split.count', { type: U16, value: 3 }],
  ],
  tensors: [tensor('a', 0)],
  data: new Uint8Array(32),
});

const KERAS = storedZip({
  'metadata.json': latin1('{"keras_version": "3.0.0"}'),
  'config.json': latin1('{"class_name": "Functional", "config": {}}'),
  'model.weights.h5': fixture('hdf5/groups-new.h5'),
});

const MESSAGES_OF_PROTOBUF: readonly LimitCase[] = [
  whenOpened('PROTOBUF_DEPTH', 2, 'onnx/places.onnx', 'an attribute is nested too deeply'),
  whenOpened('PROTOBUF_FIELDS', 2, 'onnx/external.onnx', 'the model has more parts than we hold'),
  whenOpened('PROTOBUF_TEXT_BYTES', 2, 'onnx/raw-types.onnx', 'field 2 of the model is longer than we read'),
  whenOpened('ONNX_TENSORS', 8, 'onnx/broken.onnx', 'the model has more tensors than we list'),
  whenOpened('ONNX_FILES', 2, 'onnx/external-broken.onnx', 'the model has more files beside it than we open'),
  whenOpened('V1_META_BYTES', 300, 'tensorflow/kinds.ckpt', 'the list of tensors is longer than we read'),
  whenOpened('ASSETS', 0, 'tensorflow/saved_model/', '1 more files'),
  whenOpened('ASSET_TEXT_BYTES', 3, 'tensorflow/saved_model/', '8 bytes'),
  whenOpened('TABLE_KEY_BYTES', 2, 'tensorflow/kinds.ckpt', 'a block of the table is damaged', {
    TABLE_BLOCK_BYTES: 0,
  }),
  {
    limit: 'V1_PARTS',
    lowered: 2,
    told: async () => [`parts: ${partNames('model-00000-of-00003').join(' ')}`],
    message: 'parts: model-00000-of-00003',
  },
];

const MESSAGES_OF_GGUF: readonly LimitCase[] = [
  whenOpened(
    'GGUF_TENSORS',
    2,
    gguf({ tensors: [tensor('a', 0), tensor('b', 32), tensor('c', 64)], data: new Uint8Array(96) }),
    'the number of tensors is beyond what we read',
  ),
  whenOpened(
    'GGUF_KEYS',
    2,
    gguf({ pairs: ['a', 'b', 'c'].map((key) => [key, text('x')] as const) }),
    'the number of metadata pairs is beyond what we read',
  ),
  whenOpened(
    'GGUF_NAME_BYTES',
    8,
    gguf({ tensors: [tensor('nine-long', 0)], data: new Uint8Array(32) }),
    'the length of the name of tensor 0 is beyond what we read',
  ),
  whenOpened(
    'GGUF_ARRAY_DEPTH',
    2,
    gguf({ pairs: [['deep', { nested: 3 }]] }),
    'the arrays of deep are nested too deeply',
  ),
  whenOpened(
    'GGUF_ARRAY_ITEMS',
    4,
    gguf({ pairs: [['words', { items: STRING, values: Array.from({ length: 300 }, () => 'x') }]] }),
    'the array words is longer than we walk',
  ),
  whenOpened(
    'GGUF_TEXT_BYTES',
    10,
    gguf({ pairs: [['long', text('x'.repeat(11))]] }),
    // its key has taken four of the ten
    'the text of long has 11 bytes, of which 6 are kept',
  ),
  whenOpened(
    'GGUF_PARTS',
    2,
    { [PART]: SPLIT },
    'this is part 1 of 3, and without a name such as model-00001-of-00003.gguf the others cannot be found',
  ),
];

const MESSAGES_OF_FLAX: readonly LimitCase[] = [
  whenOpened('MSGPACK_VALUES', 8, 'flax/plain.msgpack', 'the file holds more than 8 values'),
  whenOpened('MSGPACK_DEPTH', 1, 'flax/plain.msgpack', 'the file holds values nested deeper than 1'),
  whenOpened('MSGPACK_TEXT_BYTES', 2, 'flax/plain.msgpack', 'a key is longer than we hold'),
  whenOpened('MSGPACK_TEXTS_BYTES', 8, 'flax/plain.msgpack', 'a key is neither a text nor a number'),
  whenOpened(
    'STATE_NAME_CHARACTERS',
    8,
    'flax/plain.msgpack',
    'the names of the state are longer than we hold',
  ),
];

/** Formats whose files are messages of fields, and the JSON beside or in them. */
export const MESSAGE_LIMITS: readonly LimitCase[] = [
  whenOpened(
    'SAFETENSORS_HEADER_BYTES',
    40,
    { f: safetensors(`{"a":${EMPTY}}}`) },
    'the header is longer than the format allows',
  ),
  whenOpened(
    'JSON_DEPTH',
    5,
    { f: safetensors(`{"a":${EMPTY},"more":${'['.repeat(6)}${']'.repeat(6)}}}`) },
    'the header is nested too deeply',
  ),
  ...MESSAGES_OF_PROTOBUF,
  ...MESSAGES_OF_GGUF,
  ...MESSAGES_OF_FLAX,
  whenOpened(
    'FLATBUFFERS_ITEMS',
    8,
    'torch-mobile/frozen.ff',
    'the FlatBuffers structure holds more than we read',
  ),
  whenOpened(
    'FLATBUFFERS_TEXT_BYTES',
    300,
    'torch-mobile/frozen.ff',
    'the FlatBuffers structure holds more than we read',
  ),
  whenOpened('KERAS_CONFIG_BYTES', 30, { 'f.keras': KERAS }, 'config.json has 42 bytes, more than are read'),
  whenOpened('SYMBOL_BYTES', 40, 'mxnet/module-0001.params', 'not shown: the file has 823 bytes'),
  whenOpened('SYMBOL_NODES', 1, 'mxnet/module-0001.params', '5 more nodes'),
];
