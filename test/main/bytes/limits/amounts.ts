import type { FileToOpen } from '#test/kit/told-of.ts';
import { SHARDED } from '#test/main/bytes/limits/folder-limits.ts';
import type { LimitName } from '#test/main/bytes/limits/limit-case.ts';

/** Constants that are no limits: how much is read or kept at one go. A small one changes no result. Each with a file that it is used for. */
export const AMOUNTS: readonly (readonly [name: LimitName, small: number, file: FileToOpen])[] = [
  ['WINDOW_BYTES', 16, 'numpy/records-fortran.npy'],
  ['INFLATE_CHUNK_BYTES', 64, 'pickled/packed.pkl.gz'],
  ['PICKLE_WINDOW_BYTES', 16, 'pytorch/big-endian-stream.pt'],
  ['PICKLE_HELD_BYTES', 16, 'pickled/joblib.joblib'],
  ['PICKLE_CHECKED_BYTES', 0, 'pytorch/big-endian.pt'],
  ['PACKED_PAGE_BYTES', 64, 'pickled/joblib-gzip.joblib'],
  ['PACKED_PAGES', 1, 'pickled/joblib-gzip.joblib'],
  ['GATHER_BYTES', 64, 'numpy/records-fortran.npy'],
  ['CHUNK_CACHE_BYTES', 1, 'hdf5/chunks-new.h5'],
  ['DCP_PAGE_BYTES', 64, 'dcp/two-ranks/'],
  ['DCP_PAGES', 1, 'dcp/two-ranks/'],
  ['DCP_OPEN_FILES', 1, 'dcp/two-ranks/'],
  ['HDF5_PAGE_BYTES', 64, 'hdf5/chunks-new.h5'],
  ['HDF5_PAGES', 1, 'hdf5/chunks-new.h5'],
  ['SHARDS_OPEN', 1, SHARDED],
  ['TABLE_BLOCK_BYTES', 0, 'tensorflow/kinds.ckpt'],
  ['FLATBUFFERS_PAGE_BYTES', 64, 'torch-mobile/frozen.ff'],
  ['FLATBUFFERS_PAGES', 1, 'torch-mobile/frozen.ff'],
  ['MSGPACK_PAGE_BYTES', 64, 'flax/plain.msgpack'],
  ['MSGPACK_PAGES', 1, 'flax/plain.msgpack'],
];
