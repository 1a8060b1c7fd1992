/** What people drop that no format claims, each with a sentence about it. The first row that applies speaks. */
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import { startsWith } from '#main/formats/input.ts';
import {
  isCaffe,
  isCoreMl,
  isCoreMlWeights,
  isDarknet,
  isMindSpore,
  isPaddleProgram,
  isTensorflowGraph,
  isTorch7,
} from '#main/formats/other-frameworks.ts';
import type { ErrorCode } from '#shared/errors.ts';

/** What can be said about a file from its ends and, for a zip, its directory. */
export interface FileSample {
  readonly name: string;
  readonly byteLength: number;
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  readonly zip: ZipArchive | undefined;
  /** The head as text, where it is UTF-8 without control characters. */
  readonly text: string | undefined;
}

export interface WrongFile {
  readonly when: (sample: FileSample) => boolean;
  readonly code: Extract<ErrorCode, 'unknown-format' | 'unsupported' | 'corrupt'>;
  readonly message: string;
  /** Completes "found": "a PNG image". */
  readonly found: string | ((sample: FileSample) => string);
  readonly hint?: string;
}

const FETCH_AGAIN = 'fetch or save it again';
const UNPACK = 'unpack it and open what is inside';

const begins =
  (...magic: readonly number[]) =>
  ({ head }: FileSample): boolean =>
    startsWith(head, magic);

const at =
  (offset: number, text: string) =>
  ({ head }: FileSample): boolean =>
    startsWith(head.subarray(offset), [...Buffer.from(text, 'latin1')]);

const reads =
  (pattern: RegExp) =>
  ({ text }: FileSample): boolean =>
    text !== undefined && pattern.test(text);

const holds =
  (pattern: RegExp) =>
  ({ zip }: FileSample): boolean =>
    zip !== undefined && zip.entries.some(({ name }) => pattern.test(name));

const isZeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

function something(found: string, when: WrongFile['when'], hint?: string): WrongFile {
  return {
    when,
    code: 'unknown-format',
    message: `this is ${found}, not a checkpoint`,
    found,
    ...(hint ? { hint } : {}),
  };
}

function later(found: string, when: WrongFile['when'], hint?: string): WrongFile {
  return {
    when,
    code: 'unsupported',
    message: `this is ${found}, which this version does not read yet`,
    found,
    ...(hint ? { hint } : {}),
  };
}

/** Of frameworks that we do not mean to read. */
function unread(found: string, when: WrongFile['when'], hint?: string): WrongFile {
  return {
    when,
    code: 'unsupported',
    message: `this is ${found}, which we do not read`,
    found,
    ...(hint ? { hint } : {}),
  };
}

function packed(found: string, when: WrongFile['when']): WrongFile {
  return something(found, when, UNPACK);
}

export const WRONG_FILES: readonly WrongFile[] = [
  {
    when: ({ byteLength }) => byteLength === 0,
    code: 'unknown-format',
    message: 'the file is empty',
    found: 'no bytes at all',
    hint: `a save or download did not come to its end; ${FETCH_AGAIN}`,
  },
  {
    when: reads(/^version https:\/\/git-lfs/),
    code: 'unknown-format',
    message: 'this is a Git LFS pointer, not the file itself',
    found: 'a Git LFS pointer',
    hint: 'run "git lfs pull" in its folder, or download the file itself',
  },
  {
    when: ({ head, tail }) => isZeros(head) && isZeros(tail),
    code: 'corrupt',
    message: 'the file begins and ends with nothing but zeros',
    found: 'zeros, as a full disk or a power cut leaves them',
    hint: FETCH_AGAIN,
  },

  later(
    'a PyTorch preview file (PYTORCH1)',
    at(0, 'PYTORCH1'),
    'load and save it with the PyTorch that wrote it',
  ),
  later('an ExecuTorch program (.pte)', ({ head }) => /^ET\d\d$/.test(latin1(head.subarray(4, 8)))),
  {
    when: holds(/^[^/]+\/(constants\.pkl|code\/__torch__.*\.py)$/),
    code: 'corrupt',
    message: 'this is a part of a TorchScript program: the module itself is missing',
    found: 'code or constants without a data.pkl',
    hint: FETCH_AGAIN,
  },
  unread('a TensorFlow Lite model', at(4, 'TFL3')),
  unread('a Core ML model', ({ head }) => isCoreMl(head)),
  unread('a weight file of a Core ML package', ({ head }) => isCoreMlWeights(head)),
  unread('a MindSpore checkpoint', ({ head }) => isMindSpore(head)),
  unread('a Caffe model', ({ head }) => isCaffe(head)),
  unread(
    'a parameter file of a PaddlePaddle program (.pdiparams)',
    ({ head }) => isPaddleProgram(head),
    'they have no names in it; a .pdparams file of the same network opens',
  ),
  unread('a PaddlePaddle program', reads(/^\s*\{[^]{0,80}"magic"\s*:\s*"pir"/)),
  unread('a file of Torch7 (.t7)', ({ head }) => isTorch7(head)),
  unread('a weight file of a Darknet network', ({ head, byteLength }) => isDarknet(head, byteLength)),
  unread('an ncnn network', reads(/^7767517\n/)),
  unread('a TensorFlow graph (GraphDef), whose values are constants in it', ({ head }) =>
    isTensorflowGraph(head),
  ),
  unread(
    'a joblib file from before version 0.10',
    at(0, 'ZF0x'),
    'load it and dump it again with a newer joblib',
  ),
  {
    when: ({ head }) => isOnnx(head),
    code: 'corrupt',
    message: 'the file begins as an ONNX model, and there is no graph in it',
    found: ({ byteLength }) => `${byteLength} bytes that begin with a version and a producer`,
    hint: FETCH_AGAIN,
  },
  something('a MessagePack file without arrays', ({ head }) => isMsgpackMap(head)),
  {
    when: isPickle,
    code: 'corrupt',
    message: 'the file begins and ends as a Python pickle does, and is none in between',
    found: 'the start of a pickle',
    hint: FETCH_AGAIN,
  },

  {
    when: ({ zip, head }) => zip === undefined && startsWith(head, [0x50, 0x4b, 0x03, 0x04]),
    code: 'corrupt',
    message: 'the zip archive is cut short: the directory at its end is missing',
    found: ({ head, byteLength }) => `${byteLength} bytes that begin with the entry ${firstEntryName(head)}`,
    hint: `the file is not complete; ${FETCH_AGAIN}`,
  },
  something('an office document', holds(/^(\[Content_Types\]\.xml|mimetype)$/)),
  something('a Java archive', holds(/^META-INF\/MANIFEST\.MF$/)),
  something('a Python package', holds(/^[^/]+\.dist-info\//)),
  {
    when: ({ zip }) => zip !== undefined,
    code: 'unknown-format',
    message: 'this is a zip archive of something else, not a checkpoint',
    found: ({ zip }) => listing(zip!.entries.map(({ name }) => name)),
    hint: UNPACK,
  },

  packed('a tar archive', at(257, 'ustar')),
  packed('a gzip-compressed file', begins(0x1f, 0x8b)),
  packed('a Zstandard-compressed file', begins(0x28, 0xb5, 0x2f, 0xfd)),
  packed('a bzip2-compressed file', at(0, 'BZh')),
  packed('an xz-compressed file', begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)),
  packed('an LZMA-compressed file', begins(0x5d, 0, 0)),
  packed('an LZ4-compressed file', begins(0x04, 0x22, 0x4d, 0x18)),
  packed('a 7z archive', begins(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c)),
  packed('a RAR archive', at(0, 'Rar!')),

  something('a PNG image', begins(0x89, 0x50, 0x4e, 0x47)),
  something('a JPEG image', begins(0xff, 0xd8, 0xff)),
  something('a GIF image', at(0, 'GIF8')),
  something('a RIFF file, such as a WebP image or a WAV sound', at(0, 'RIFF')),
  something('a film or sound in an MP4 container', at(4, 'ftyp')),
  something('a PDF document', at(0, '%PDF-')),
  something('a program or library (ELF)', begins(0x7f, 0x45, 0x4c, 0x46)),
  something(
    'a program or library (Mach-O)',
    ({ head }) => [0xcf, 0xce].includes(head[0] ?? 0) && startsWith(head.subarray(1), [0xfa, 0xed, 0xfe]),
  ),
  something(
    'a program or library (Windows)',
    ({ head }) => startsWith(head, [0x4d, 0x5a]) && head.includes(0),
  ),
  something('compiled Python code', ({ head }) => startsWith(head.subarray(1), [0x0d, 0x0d, 0x0a])),
  something('an SQLite database', at(0, 'SQLite format 3')),
  something('a Parquet table', at(0, 'PAR1')),
  something('an Arrow table', at(0, 'ARROW1')),
  something(
    'an IDX data set, such as MNIST',
    ({ head, byteLength }) => isIdx(head, byteLength),
    'the training screen takes it as data',
  ),

  {
    when: reads(/^\s*<(!doctype html|html|head|body)\b/i),
    code: 'unknown-format',
    message: 'this is a web page, not the file itself',
    found: 'an HTML page',
    hint: 'the download gave a page instead of the file: a login, an error or a preview; use the link that downloads',
  },
  something('an XML document', reads(/^\s*<(\?xml|svg)\b/)),
  unread(
    'the symbol of an MXNet network',
    reads(/^\s*\{\s*"nodes"\s*:\s*\[/),
    'open the .params file beside it: the symbol is shown with the parameters',
  ),
  {
    when: reads(/^\s*\{[^]*"weight_map"\s*:/),
    code: 'unsupported',
    message: 'this is the index of a sharded checkpoint, damaged or of parts that we do not join',
    found: 'an index of shards',
    hint: 'open its shards one by one',
  },
  something('a JSON text', reads(/^\s*[{[]\s*["{[\d\]}]/), 'the weights lie in another file'),
  {
    when: reads(/^\s*model_checkpoint_path:/),
    code: 'unknown-format',
    message: 'this text names a TensorFlow checkpoint that is not beside it',
    found: 'a text that names a checkpoint',
    hint: 'open the .index file, with the .data files in the same folder',
  },
  something(
    'Python source code',
    reads(/^(#!.*\bpython|(import|from) [\w.]+( import .*)?$|(def|class) \w+.*:$|""")/m),
  ),
  {
    when: ({ name }) => /\.(data-\d{5}-of-\d{5}|index)\.tempstate\d+$/.test(name),
    code: 'unknown-format',
    message: 'this is a part of a TensorFlow save that was interrupted, without its index',
    found: 'values without names',
    hint: 'neither names nor shapes of its values are known; open an older checkpoint',
  },
  {
    when: ({ name }) => /\.data-\d{5}-of-\d{5}$/.test(name),
    code: 'unknown-format',
    message: 'this looks like a data file of a TensorFlow checkpoint, and its index is not beside it',
    found: 'values without names',
    hint: 'put the .index file of the same checkpoint into the same folder',
  },
  something('a text', ({ text }) => text !== undefined && text.trim() !== ''),
];

/** What the head says as text: UTF-8 with no control characters but white space; the cut at its end may split a character. */
export function textOf(head: Uint8Array, isWhole: boolean): string | undefined {
  for (let cut = 0; cut <= (isWhole ? 0 : 3); cut++) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(head.subarray(0, head.byteLength - cut));
      // eslint-disable-next-line no-control-regex
      return /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text) ? undefined : text;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The first names of a list, and how many there are. */
export function listing(names: readonly string[]): string {
  if (names.length === 0) return 'an archive without entries';
  const first = names.slice(0, 3).map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name));
  return `${names.length} ${names.length === 1 ? 'entry' : 'entries'}: ${first.join(', ')}${names.length > 3 ? ', …' : ''}`;
}

/** A protocol number or, before there was one, a dict, a list or a global in the protocols of text; a stop at the end. */
function isPickle({ head, tail }: FileSample): boolean {
  if (tail.at(-1) !== 0x2e) return false;
  if (head[0] === 0x80) return head[1]! <= 5;
  return /^(\([dl]p\d+\n|c[\w.]+\n[\w.]+\n|[}\]]q[^]\()/.test(latin1(head.subarray(0, 200)));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function firstEntryName(head: Uint8Array): string {
  const length = (head[26] ?? 0) | ((head[27] ?? 0) << 8);
  return JSON.stringify(latin1(head.subarray(30, 30 + Math.min(length, 60))));
}

/** ModelProto: an ir_version below 32, then the producer's name or the graph. */
function isOnnx(head: Uint8Array): boolean {
  if (head[0] !== 0x08 || !(head[1]! < 32)) return false;
  if (head[2] === 0x3a) return true;
  return head[2] === 0x12 && /^[\w.-]+$/.test(latin1(head.subarray(4, 4 + Math.min(head[3]!, 64))));
}

/** A map whose first key is a short printable text. */
function isMsgpackMap(head: Uint8Array): boolean {
  const first = head[0] ?? 0;
  const keyAt =
    (first & 0xf0) === 0x80 && first !== 0x80 ? 1 : first === 0xde ? 3 : first === 0xdf ? 5 : undefined;
  if (keyAt === undefined) return false;
  const marker = head[keyAt] ?? 0;
  const isShort = (marker & 0xe0) === 0xa0;
  if (!isShort && marker !== 0xd9) return false;
  const begin = isShort ? keyAt + 1 : keyAt + 2;
  const length = isShort ? marker & 0x1f : (head[keyAt + 1] ?? 0);
  const key = latin1(head.subarray(begin, begin + length));
  return key.length === length && length > 0 && /^[\x20-\x7e]+$/.test(key);
}

/** Two zeros, a type, a rank, and dimensions whose product with the item's width fills the file. */
function isIdx(head: Uint8Array, byteLength: number): boolean {
  const width = new Map([
    [8, 1],
    [9, 1],
    [11, 2],
    [12, 4],
    [13, 4],
    [14, 8],
  ]).get(head[2] ?? 0);
  const rank = head[3] ?? 0;
  if (head[0] !== 0 || head[1] !== 0 || width === undefined || rank === 0 || head.byteLength < 4 + 4 * rank)
    return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let size = width;
  for (let axis = 0; axis < rank; axis++) size *= view.getUint32(4 + 4 * axis);
  return size + 4 + 4 * rank === byteLength;
}
