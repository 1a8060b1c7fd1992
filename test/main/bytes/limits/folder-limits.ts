import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import { readAll } from '#test/kit/told-of.ts';
import { fixture, latin1, whenOpened, type LimitCase } from '#test/main/bytes/limits/limit-case.ts';

const shard = (name: string): Uint8Array =>
  plainSafetensors([{ name, dtype: 'U8', shape: [1], bytes: Uint8Array.of(1) }]);

const INDEX = 'model.safetensors.index.json';
export const SHARDED = {
  [INDEX]: latin1('{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'),
  'model-1.safetensors': shard('a'),
  'model-2.safetensors': shard('b'),
};

/** The same files, of which a part is opened. */
const ONE_OF_TWO = Object.fromEntries(Object.entries(SHARDED).reverse());

/** Checkpoints of several files, and programs of several parts. */
export const FOLDER_LIMITS: readonly LimitCase[] = [
  whenOpened(
    'SHARD_INDEX_BYTES',
    40,
    SHARDED,
    'this is the index of a sharded checkpoint, damaged or of parts that we do not join',
  ),
  {
    limit: 'SHARD_INDEXES',
    lowered: 0,
    told: async () => [`${(await readAll(ONE_OF_TWO)).digests.length} tensors`],
    // the part alone
    message: '1 tensors',
  },
  whenOpened('SHARDS', 1, SHARDED, '1 parts beyond the first 1 are not read'),
  whenOpened('STORE_KEYS', 2, 'orbax/aggregate/', 'the folder holds more than 2 files'),
  whenOpened('STORE_DEPTH', 0, 'orbax/aggregate/', 'the folder holds folders nested deeper than 0'),
  whenOpened(
    'ZARR_DESCRIPTION_BYTES',
    40,
    'orbax/aggregate/',
    'target.encoder.layers_0.kernel/.zarray is too long for what it should be',
  ),
  whenOpened(
    'OCDBT_NODE_BYTES',
    300,
    'orbax/deep/',
    'the file manifest.ocdbt is too long for what it should be',
  ),
  whenOpened('OCDBT_NODES', 8, 'orbax/deep/', 'the database has a larger tree than is read'),
  whenOpened('OCDBT_TREE_BYTES', 2000, 'orbax/deep/', 'the database has a larger tree than is read'),
  whenOpened('OCDBT_KEY_CHARACTERS', 300, 'orbax/deep/', 'the keys of the database are longer than we hold'),
  whenOpened(
    'ORBAX_METADATA_BYTES',
    2000,
    'orbax/leaves-ocdbt/',
    'the file _METADATA is too long for what it should be: arrays are listed as they are found',
  ),
  whenOpened(
    'ORBAX_JSON_BYTES',
    8,
    'orbax/leaves-ocdbt/',
    'the texts of the tree should be in _strings.json, which cannot be read',
  ),
  whenOpened(
    'FOLDERS_AROUND',
    0,
    'orbax/leaves-ocdbt/array_metadatas/process_0',
    'this is a JSON text, not a checkpoint',
  ),
  whenOpened('ORBAX_CHILDREN', 0, 'orbax/manager/', 'this folder is no checkpoint of several files'),
  whenOpened(
    'DCP_ARCHIVES',
    1,
    { '__0_0.distcp': fixture('dcp/two-ranks/__0_0.distcp') },
    'the file has more archives one after the other than we read',
  ),
  whenOpened(
    'TORCHSCRIPT_CODE_BYTES',
    8,
    'torch-package/package.pt',
    'the code in package/mine/net.py is not shown: package/mine/net.py is longer than we read',
  ),
  whenOpened(
    'TORCHSCRIPT_DEBUG_BYTES',
    40,
    'torchscript/attributes-1.10.2.pt',
    'what attributes-1.10.2/code/__torch__.py.debug_pkl imports is not looked at',
  ),
  whenOpened('TORCH_EXTRA_BYTES', 2, 'torchscript/extra-1.10.2.pt', '7 bytes'),
  whenOpened(
    'TORCH_JSON_BYTES',
    2000,
    'pt2/net-2.15.0.pt2',
    'net-2.15.0/models/model.json is longer than we read',
  ),
];
