/** Every safety limit, with its reason. A number from a file is compared with one of these before it allocates, loops or multiplies. */

const MIB = 1024 * 1024;

/** What one opening may allocate for a file of this size, in bytes: small files cannot ask for the moon. */
export function allocationBudget(fileByteLength: number): number {
  return 64 * MIB + Math.min(4 * fileByteLength, 512 * MIB);
}

/** The safetensors reference refuses longer headers. */
export const SAFETENSORS_HEADER_BYTES = 100_000_000;

/** Bytes at the start of a file that detection may look at: enough for tar's magic at 257 and a text's first lines. */
export const HEAD_BYTES = 1024;

/** Bytes at the end: a TensorFlow table's footer has 48, a zip's end record with ZIP64 locator 42. */
export const TAIL_BYTES = 64;

/** The most bytes read at one go while values are streamed. */
export const WINDOW_BYTES = MIB;

/** JSON nesting: deeper than any header, shallow enough for every consumer's stack. */
export const JSON_DEPTH = 512;

/** The depth that protobuf's own C++ and Java readers accept. */
export const PROTOBUF_DEPTH = 100;

/** A pickle that runs longer is no parameter file; Lightning's largest have under a million. */
export const PICKLE_OPCODES = 50_000_000;
export const PICKLE_MEMO_ENTRIES = 10_000_000;

/** Dimensions of a tensor: NumPy's own limit is 64. */
export const TENSOR_RANK = 64;

/** NumPy refuses to read headers over 10,000 characters unless told otherwise, and writes longer ones for structured dtypes with thousands of fields. */
export const NPY_HEADER_BYTES = 4 * MIB;

/** Entries in a zip's central directory: checkpoints have one a tensor. */
export const ZIP_ENTRIES = 1_000_000;

/** Irregularities of a zip archive that are told one by one. */
export const ZIP_PROBLEMS = 1000;

/** An entry that says it unpacks to more than this many bytes, and to more than this many times its packed length, is reported: floats do not pack like that. */
export const ZIP_WARNED_BYTES = 16 * MIB;
export const ZIP_WARNED_RATIO = 200;

/** Headers of a tar archive, which are walked over one by one: PyTorch's own has eight. */
export const TAR_HEADERS = 100_000;

/** Bytes of a tar header that tells about the next one: a long path, times and owners. */
export const TAR_EXTENSION_BYTES = 64 * 1024;

/** Members of a tar archive among which PyTorch's four parts are looked for: its own writer puts nothing else there. */
export const TORCH_TAR_MEMBERS = 64;

/** Storages, and tensors, of PyTorch's tar format: networks of its time had some hundred. */
export const TORCH_TAR_OBJECTS = 1_000_000;

/** A record before a storage or tensor of PyTorch's tar format, in bytes: a key, a device and a class. */
export const TORCH_TAR_RECORD_BYTES = 4 * 1024;

/** What an inflater takes in and hands out at one go, in bytes. */
export const INFLATE_CHUNK_BYTES = 64 * 1024;

/** A packed file without a directory has to be unpacked once to know its length: ordinary weights do not pack a hundredfold. */
export function unpackedBytesLimit(packedByteLength: number): number {
  return 256 * MIB + 100 * packedByteLength;
}

/** Gzip files one after the other in one file, and the header of one, which may hold a name and a comment, in bytes. */
export const GZIP_MEMBERS = 10_000;
export const GZIP_HEADER_BYTES = 64 * 1024;

/** Blocks of a bzip2 file, whose places are kept: nine hundred gigabytes in blocks of the usual size. */
export const BZIP2_BLOCKS = 1_000_000;

/** What is read of a pickle at one go, in bytes: most are shorter. */
export const PICKLE_WINDOW_BYTES = 256 * 1024;

/** The latest pages of a packed pickle are kept unpacked: going back in it means unpacking it anew. */
export const PACKED_PAGE_BYTES = 64 * 1024;
export const PACKED_PAGES = 128;

/** Pickles one after the other in a file, each its own object. */
export const PICKLES_IN_A_FILE = 10_000;

/** Text of a pickle that is decoded at once, in bytes; longer ones are arrays in disguise and stay where they are. */
export const PICKLE_TEXT_BYTES = MIB;

/** Bytes values up to this length are kept beside their position: scalars and Python 2's dict keys. */
export const PICKLE_HELD_BYTES = 256;

/** Integers of a pickle, in bytes or digits: reading them takes quadratic time. */
export const PICKLE_INTEGER_BYTES = 4096;

/** Entries of a pickle's stack at one time: a tuple has all its items there. */
export const PICKLE_STACK_ENTRIES = 16_000_000;

/** A line of a protocol 0 pickle, in bytes: Python 2 spelled whole arrays out in one. */
export const PICKLE_LINE_BYTES = 64 * MIB;

/** Objects of a pickle nested deeper than this are not looked into: Python's own pickler gives up at 1,000. */
export const TREE_DEPTH = 1000;

/** Values looked at again because a pickle refers to their container more than once: a few shared lists can stand for any number. */
export const TREE_REPEATS = 200_000;

/** Characters of all tensor names of a pickle: paths repeat the keys above them. */
export const TREE_NAME_CHARACTERS = 64 * MIB;

/** Metadata values that are kept for showing, and how deep they may nest: screens and JSON writers recurse. */
export const METADATA_VALUES = 100_000;
export const METADATA_DEPTH = 100;

/** Nesting of NumPy headers and record types: theirs are a handful deep. */
export const LITERAL_DEPTH = 64;

/** Bytes of one element of a NumPy array: its records and texts are lines of a table. */
export const ARRAY_ITEM_BYTES = 64 * MIB;

/** Fields of a NumPy record. */
export const ARRAY_FIELDS = 100_000;

/** Texts of a string array are read when the file is opened, so there is a bound, in bytes and in number. */
export const TEXT_ARRAY_BYTES = 16 * MIB;
export const TEXT_ARRAY_ITEMS = 1_000_000;

/** An array that a pickle spells out as text has to be decoded whole, so there is a bound, in bytes of that text. */
export const PICKLED_ARRAY_BYTES = 64 * MIB;

/** Code of a TorchScript program that is read for showing, in bytes: large models have a megabyte. */
export const TORCHSCRIPT_CODE_BYTES = 16 * MIB;

/** Pickles of a TorchScript program that only tell where its code is from, in bytes unpacked: they have a few times the code's length. */
export const TORCHSCRIPT_DEBUG_BYTES = 64 * MIB;

/** Texts that people put into an archive of PyTorch's beside the model, in bytes: labels, settings. */
export const TORCH_EXTRA_BYTES = 4 * MIB;

/** Descriptions that PyTorch writes as JSON, in bytes: the graph of a large exported program has some ten megabytes. */
export const TORCH_JSON_BYTES = 256 * MIB;

/** Parts of a distributed checkpoint are archives with their directories at their ends: files are read in pages of which the latest are kept. */
export const DCP_PAGE_BYTES = 16 * 1024;
export const DCP_PAGES = 64;

/** Archives one after the other in one file of a distributed checkpoint without its metadata: one for each tensor's part that a process held. */
export const DCP_ARCHIVES = 100_000;

/** Files of a distributed checkpoint, one or more a process, that are held open at once. */
export const DCP_OPEN_FILES = 64;

/** A run's data set is held in memory whole; all of MNIST takes 55 MB. */
export const DATA_SET_BYTES = 1024 * MIB;

/** One line of a table of data as text: a picture of a megapixel. */
export const CSV_LINE_CHARACTERS = 16 * MIB;

/** Different labels in a table of data: as many as the widest layer has outputs. */
export const DISTINCT_LABELS = 1_000_000;

/** Classes with names, and characters of a name: all of them go into the metadata of every checkpoint. */
export const CLASS_NAMES = 10_000;
export const CLASS_NAME_CHARACTERS = 200;

/** A run's log is read whole; a million steps take about 80 MB. */
export const RUN_LOG_BYTES = 256 * MIB;

/** A run's own description: a configuration and a name. */
export const RUN_MANIFEST_BYTES = MIB;

/** A tensor stored sparsely or in pieces is put together in memory when the file is opened, so there is a bound to it, in bytes. */
export const ASSEMBLED_TENSOR_BYTES = 64 * MIB;

/** The dense form of a sparse tensor, which is read piece by piece, may have this many bytes in any case, and this many times what is stored: a few bytes cannot ask for hours of zeros. */
export const SPARSE_DENSE_BYTES = 64 * MIB;
export const SPARSE_DENSE_RATIO = 1024;

/** Index arrays of sparse tensors, scales and the like are taken into memory when the file is opened, up to this many bytes each. */
export const SPARSE_PART_BYTES = 64 * MIB;

/** A pickle up to this length is read whole and held to its checksum before it is believed. */
export const PICKLE_CHECKED_BYTES = 64 * MIB;

/** Bytes of one element that the N-bit filter packs, and members in it: its description has at most 4096 numbers. */
export const NBIT_ELEMENT_BYTES = 64 * 1024;
export const NBIT_STEPS = 256 * 1024;

/** Values that lie across the order they are read in, gathered at one go, in bytes. */
export const GATHER_BYTES = 16 * MIB;

/** Lines of one side of a matrix that figures are kept of while the other side streams by: 64 bytes each. */
export const PROFILE_LINES = 1_048_576;

/** The smaller side of a matrix that singular values are computed of, squares of which are held as doubles; and its elements, each of which takes twice that side in multiplications. */
export const SPECTRUM_SIDE = 4096;
export const SPECTRUM_ELEMENTS = 64 * MIB;

/** Unpacked chunks that all readers of the process keep, in bytes: a row of usual chunks across a wide matrix is passed over many times. */
export const CHUNK_CACHE_BYTES = 64 * MIB;

/** Unpacked chunks that lie side by side in a box of a tensor that is read box by box, in bytes: every thread has one. */
export const BOX_BYTES = 2 * MIB;

/** Values of a large tensor in chunks that one thread takes at a time at least, in bytes: worth asking it, and little enough for every thread to have some. */
export const SHARED_BOX_BYTES = 16 * MIB;

/** Chunks of one tensor: a terabyte in chunks of a mebibyte. */
export const TENSOR_CHUNKS = 1_000_000;

/** Pairs of chunks that are held against each other for overlaps where they lie on no grid. */
export const CHUNK_PAIRS = 10_000_000;

/** Deflate packs a thousandfold at best, and a tensor may be all fill value, but no more than this of it for a file of a given size. */
export function chunkedBytesLimit(storedByteLength: number): number {
  return 16 * 1024 * MIB + 2000 * storedByteLength;
}

/** Tensors and metadata keys of a GGUF file: the largest models have a few thousand of the former, a few hundred of the latter. */
export const GGUF_TENSORS = 1_000_000;
export const GGUF_KEYS = 100_000;

/** A GGUF tensor's name, in bytes: ggml itself stops at 63. */
export const GGUF_NAME_BYTES = 64 * 1024;

/** Texts of a GGUF file's metadata that are kept for showing, in bytes; chat templates are the longest, under 100 kB each. */
export const GGUF_TEXT_BYTES = 16 * MIB;

/** Texts of a GGUF file's arrays that are walked over one by one: ggml reads no more, vocabularies have a quarter of a million. */
export const GGUF_ARRAY_ITEMS = 64 * MIB;

/** Arrays of a GGUF file's metadata within each other: ggml reads none. */
export const GGUF_ARRAY_DEPTH = 8;

/** Files that a GGUF file may be split into: its names have room for five digits, real sets have a few dozen. */
export const GGUF_PARTS = 4096;

/** HDF5 metadata are read in pages and the latest ones kept: 4 MiB hold those of a usual model. */
export const HDF5_PAGE_BYTES = 8 * 1024;
export const HDF5_PAGES = 512;

/** How far into a file an HDF5 signature is looked for: user blocks hold a line or a picture. */
export const HDF5_USER_BLOCK_BYTES = 16 * MIB;

/** Blocks and messages of one HDF5 object header: attributes beyond a handful move to a heap, but old files may have thousands in it. */
export const HDF5_HEADER_BLOCKS = 10_000;
export const HDF5_HEADER_MESSAGES = 100_000;

/** Levels of an HDF5 B-tree or heap: with two children a node this is more than any file has. */
export const HDF5_TREE_DEPTH = 40;

/** The largest block of an HDF5 fractal heap; the library's own heaps stop at 64 KiB. */
export const HDF5_HEAP_BLOCK_BYTES = 64 * MIB;

/** Nesting and members of an HDF5 datatype: compounds of compounds are a handful deep. */
export const HDF5_TYPE_DEPTH = 64;
export const HDF5_TYPE_MEMBERS = 10_000;

/** Links of one HDF5 group, and rows of a whole file: aliases of groups can multiply them without end. */
export const HDF5_LINKS = 1_000_000;

/** All text of an HDF5 file that is read when it is opened, in bytes: many elements may refer to one long text. */
export const HDF5_TEXT_BYTES = 64 * MIB;

/** Elements of an HDF5 attribute that are shown: names of layers and weights are thousands at most. */
export const HDF5_ATTRIBUTE_ITEMS = 100_000;

/** Groups within groups of an HDF5 file. */
export const HDF5_DEPTH = 1000;

/** Characters of all paths of an HDF5 file: aliases of groups can make them longer without end. */
export const HDF5_PATH_CHARACTERS = 64 * MIB;

/** Links that lead to links, as the library counts them. */
export const HDF5_LINK_HOPS = 16;

/** Blocks of a sorted table up to this length are read whole when it is opened; a TensorFlow V1 checkpoint has whole tensors in one. */
export const TABLE_BLOCK_BYTES = MIB;

/** Keys of a sorted table, in bytes: names of variables with their scopes. */
export const TABLE_KEY_BYTES = MIB;

/** Texts among a SavedModel's assets that are shown, in bytes each and in number: vocabularies can be long. */
export const ASSET_TEXT_BYTES = 64 * 1024;
export const ASSETS = 100;

/** Parts of a TensorFlow V1 checkpoint, and the list of tensors of each. */
export const V1_PARTS = 10_000;
export const V1_META_BYTES = 64 * MIB;

/** Fields of one protobuf message that are held at once: a graph of a million nodes is beyond any exporter. */
export const PROTOBUF_FIELDS = 4_000_000;

/** Texts of a protobuf message that are read for showing, in bytes: documentation, properties, names. */
export const PROTOBUF_TEXT_BYTES = 16 * MIB;

/** Tensors of an ONNX model: large ones have some ten thousand, constants included. */
export const ONNX_TENSORS = 1_000_000;

/** Files beside an ONNX model: exporters write one for all tensors, or one for each. */
export const ONNX_FILES = 10_000;

/** A Keras model's configuration is read whole; the largest models have a few megabytes of it. */
export const KERAS_CONFIG_BYTES = 64 * MIB;

/** An MXNet network's symbol is read whole, and so many of its nodes are shown: a ResNet-152 has 1,500 in a megabyte. */
export const SYMBOL_BYTES = 16 * MIB;
export const SYMBOL_NODES = 10_000;

/** Index files of sharded checkpoints are read whole: one line a tensor. */
export const SHARD_INDEX_BYTES = 64 * MIB;

/** Files that a checkpoint may be split into, and how many of them are kept open: large models have a few hundred parts. */
export const SHARDS = 10_000;
export const SHARDS_OPEN = 64;

/** Shard indexes of one folder that are looked into. */
export const SHARD_INDEXES = 16;

/** Items of all vectors of a FlatBuffers file that are read, and bytes of its texts: vectors may be shared without end. */
export const FLATBUFFERS_ITEMS = 4_000_000;
export const FLATBUFFERS_TEXT_BYTES = 16 * MIB;

/** Tables of a FlatBuffers file lie all over it: it is read in pages of which the latest are kept. */
export const FLATBUFFERS_PAGE_BYTES = 4 * 1024;
export const FLATBUFFERS_PAGES = 256;

/** Values of a MessagePack file: a model has one an array and a few for its name; these fill some hundred megabytes. */
export const MSGPACK_VALUES = 2_000_000;

/** Nesting of MessagePack values: Python's own reader stops at 1024. */
export const MSGPACK_DEPTH = 1024;

/** A text of a MessagePack file, and all of them, that are held for names and for showing, in bytes. */
export const MSGPACK_TEXT_BYTES = MIB;
export const MSGPACK_TEXTS_BYTES = 64 * MIB;

/** Characters of all tensor names of a Flax file: paths repeat the keys above them. */
export const STATE_NAME_CHARACTERS = 64 * MIB;

/** Headers of arrays lie between their values: MessagePack is read in pages of which the latest are kept. */
export const MSGPACK_PAGE_BYTES = 4 * 1024;
export const MSGPACK_PAGES = 64;

/** Imports that an X-ray lists one by one; beyond that, names that are not listed yet. The largest training states have some ten thousand. */
export const XRAY_IMPORTS = 200_000;

/** Calls that an X-ray writes out: all of dangerous names, one of each other. */
export const XRAY_CALLS = 10_000;

/** Bytes given to a call that are looked into, in case they are a pickle within the pickle. */
export const PICKLED_CODE_BYTES = 16 * MIB;

/** Archives within archives that an X-ray looks into, and streams of all of them together. */
export const XRAY_DEPTH = 4;
export const XRAY_STREAMS = 1_000_000;

/** Bytes of damaged or unknown files that are searched for the beginnings of pickles. */
export const XRAY_SEARCH_BYTES = 1024 * MIB;

/** Code and templates that are shown, in bytes each: TorchScript's largest classes have a few hundred kilobytes. */
export const XRAY_PART_BYTES = 4 * MIB;

/** A stream that is compressed as a whole is unpacked in memory for its X-ray: bytes that it may take, and unfold to. */
export const XRAY_PACKED_BYTES = 64 * MIB;
export const XRAY_UNPACKED_BYTES = 256 * MIB;

/** Files below a folder of arrays, or keys of a database of them: a chunk has one, and TensorStore's own chunks are megabytes. */
export const STORE_KEYS = 2_000_000;

/** Folders within folders of arrays: names of layers with slashes in them, and one an axis. */
export const STORE_DEPTH = 100;

/** The description of a zarr array is read whole: attributes are the longest part of it. */
export const ZARR_DESCRIPTION_BYTES = 16 * MIB;

/** One node of an OCDBT database, packed or unpacked: TensorStore keeps to 100 MB at the very most, and to 8 MB unless told otherwise. */
export const OCDBT_NODE_BYTES = 128 * MIB;

/** Nodes that are read, the bytes of all of them, and the characters of all keys: branches may be shared without end. */
export const OCDBT_NODES = 100_000;
export const OCDBT_TREE_BYTES = 512 * MIB;
export const OCDBT_KEY_CHARACTERS = 256 * MIB;

/** The tree of an Orbax checkpoint is read whole: a few hundred bytes an array. */
export const ORBAX_METADATA_BYTES = 256 * MIB;

/** JSON that lies beside the arrays of an Orbax checkpoint and is shown: metrics, positions in data sets. */
export const ORBAX_JSON_BYTES = MIB;

/** Folders that are looked into to find a checkpoint: steps that were kept, or items of one. */
export const ORBAX_CHILDREN = 10_000;

/** Bytes that Zstandard may reach back in data that are unpacked as they are read: what its own tools allow unless told otherwise. */
export const ZSTD_WINDOW_BYTES = 128 * MIB;

/** Folders above a file that are looked into for the checkpoint that it lies in: a chunk of zarr may lie a folder deep for each dimension, and in those of its array's name. */
export const FOLDERS_AROUND = 12;
