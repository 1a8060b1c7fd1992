import { gzipSync } from 'node:zlib';

import { memorySource } from '#main/bytes/memory-source.ts';
import { unpackZstdParts } from '#main/encodings/zstd/zstd-parts.ts';
import { openZip } from '#main/encodings/zip/zip.ts';
import { oddZip } from '#test/kit/odd-zip.ts';
import { refusalOf } from '#test/kit/told-of.ts';
import { fixture, latin1, whenOpened, type LimitCase } from '#test/main/bytes/limits/limit-case.ts';

const MIB = 2 ** 20;

/** What is told of an archive's directory. */
const toldByZip = (bytes: Uint8Array) => async (): Promise<readonly string[]> => {
  const problems: string[] = [];
  const refused = await refusalOf(async () => {
    for (const { message } of (await openZip(memorySource(bytes)))!.problems) problems.push(message);
  });
  return [...refused, ...problems];
};

const members = (...names: readonly string[]) => names.map((name) => ({ name, data: latin1(name) }));

async function unpackToEnd(packed: Uint8Array): Promise<void> {
  for await (const part of unpackZstdParts(memorySource(packed), 0, packed.byteLength)) void part;
}

/** A frame of Zstandard with a window of 4 KiB and one empty block. */
const ZSTD = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x10, 0x01, 0x00, 0x00);

/** A pickle packed in two halves, one gzip file after the other. */
const LONE = fixture('pickled/lone.pkl');
const GZIPS = Uint8Array.from(
  Buffer.concat([LONE.subarray(0, 100), LONE.subarray(100)].map((half) => gzipSync(half))),
);

/** What a file is called whose magic number is not looked at. */
const NOBODY = 'no format that we know begins like this file';

/** Archives and packed streams, and how much detection looks at. */
export const ARCHIVE_LIMITS: readonly LimitCase[] = [
  {
    limit: 'ZIP_ENTRIES',
    lowered: 3,
    told: toldByZip(oddZip(members('a', 'b', 'c', 'd'))),
    message: 'the zip archive has more entries than we read',
  },
  {
    limit: 'ZIP_PROBLEMS',
    lowered: 2,
    told: toldByZip(oddZip(members('../a', '../b', '../c'))),
    message: 'and more of that kind',
  },
  {
    limit: 'ZIP_WARNED_BYTES',
    lowered: 1000,
    told: toldByZip(oddZip([{ name: 'a', data: new Uint8Array(8), method: 8, byteLength: 2000 }])),
    message: 'a says it unpacks 8 bytes to 2000',
  },
  {
    limit: 'ZIP_WARNED_RATIO',
    lowered: 10,
    told: toldByZip(oddZip([{ name: 'a', data: new Uint8Array(MIB), method: 8, byteLength: 17 * MIB }])),
    message: `a says it unpacks ${MIB} bytes to ${17 * MIB}`,
  },
  whenOpened('HEAD_BYTES', 200, 'torch-tar/big-endian.pt', NOBODY),
  whenOpened('TAIL_BYTES', 8, 'tensorflow/kinds.ckpt', NOBODY),
  whenOpened('TAR_HEADERS', 8, 'torch-tar/big-endian.pt', 'the tar archive has more headers than we read'),
  whenOpened('TAR_EXTENSION_BYTES', 8, 'torch-tar/big-endian.pt', 'this is a tar archive, not a checkpoint'),
  whenOpened(
    'TORCH_TAR_MEMBERS',
    2,
    'torch-tar/big-endian.pt',
    'this is a PyTorch tar file (before 0.1.10) with parts missing: tensors and storages',
  ),
  whenOpened(
    'TORCH_TAR_OBJECTS',
    1,
    'torch-tar/big-endian.pt',
    'the number of storages makes no sense; nothing behind it is read in storages',
  ),
  whenOpened(
    'TORCH_TAR_RECORD_BYTES',
    40,
    'torch-tar/big-endian.pt',
    'the pickle ends in the middle of a value; nothing behind it is read in storages',
  ),
  whenOpened(
    'unpackedBytesLimit',
    300,
    'pickled/joblib-gzip.joblib',
    'the compressed data unpack to more than we pass over',
  ),
  whenOpened(
    'BZIP2_BLOCKS',
    1,
    'pickled/blocks.pkl.bz2',
    'the compressed data unpack to more than we pass over',
  ),
  whenOpened(
    'GZIP_HEADER_BYTES',
    4,
    'pickled/members.pkl.gz',
    'bytes follow the end of the gzip file that are no part of it',
  ),
  whenOpened('GZIP_MEMBERS', 1, { f: GZIPS }, 'the gzip file has more parts than we read'),
  {
    limit: 'ZSTD_WINDOW_BYTES',
    lowered: 2048,
    told: () => refusalOf(() => unpackToEnd(ZSTD)),
    message: 'the Zstandard data reach further back than is held',
  },
];
