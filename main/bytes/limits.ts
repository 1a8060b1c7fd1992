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

/** NumPy refuses headers over 10,000 characters; its structured dtypes need some more. */
export const NPY_HEADER_BYTES = 65_536;

/** Entries in a zip's central directory: checkpoints have one a tensor. */
export const ZIP_ENTRIES = 1_000_000;

/** An entry that says it unpacks to more than this many bytes, and to more than this many times its packed length, is reported: floats do not pack like that. */
export const ZIP_WARNED_BYTES = 16 * MIB;
export const ZIP_WARNED_RATIO = 200;

/** What an inflater takes in and hands out at one go, in bytes. */
export const INFLATE_CHUNK_BYTES = 64 * 1024;
