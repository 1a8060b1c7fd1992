import { dirname } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { layOutZip, zipDirectoryFor, zipHeaderFor } from '#main/encodings/zip/write-zip.ts';
import type { Checkpoint, Format } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { FORMATS } from '#main/formats/registry.ts';
import { AppError } from '#shared/errors.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rejection } from '#test/kit/rejection.ts';
import { hasOracles, ORACLES, readOracles } from '#test/kit/shared-files.ts';

/** Contents by path. */
type Tree = Readonly<Record<string, Uint8Array>>;

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value));
const padded = (start: Uint8Array, length = 3000): Uint8Array => {
  const whole = new Uint8Array(length).fill(0xa5);
  whole.set(start);
  return whole;
};

/** Empty members of these names. */
function zipOf(...names: string[]): Uint8Array {
  const layout = layOutZip(names.map((name) => ({ name, byteLength: 0 })));
  const directory = zipDirectoryFor(
    layout,
    names.map(() => 0),
  );
  return Uint8Array.from(
    Buffer.concat([...layout.entries.map((entry) => zipHeaderFor(entry, 0)), directory]),
  );
}

function tarOf(name: string): Uint8Array {
  const header = new Uint8Array(1536);
  header.set(text(name));
  header.set(text('ustar'), 257);
  return header;
}

const explain = async (content: Uint8Array, name = 'mlp.params') =>
  rejection(openCheckpoint(await fileInput(memorySource(content, name)), []));

describe('a file that no format claims is named', () => {
  it.each<[string, Uint8Array, string, string]>([
    ['empty', bytes(), 'unknown-format', 'the file is empty'],
    [
      'LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n'),
      'unknown-format',
      'this is a Git LFS pointer, not the file itself',
    ],
    ['zeros', new Uint8Array(5000), 'corrupt', 'the file begins and ends with nothing but zeros'],
    [
      'web page',
      text('\n<!DOCTYPE html>\n<html lang="en"><body>Sign in</body></html>'),
      'unknown-format',
      'this is a web page, not the file itself',
    ],
    [
      'web page with a byte order mark',
      text('\ufeff<html></html>'),
      'unknown-format',
      'this is a web page, not the file itself',
    ],
    ['XML', text('<?xml version="1.0"?><a/>'), 'unknown-format', 'this is an XML document, not a checkpoint'],
    ['JSON', text('{\n  "hidden": [1, 2]\n}'), 'unknown-format', 'this is a JSON text, not a checkpoint'],
    [
      'Python',
      text('import torch\nx = torch.arange(4)\n'),
      'unknown-format',
      'this is Python source code, not a checkpoint',
    ],
    [
      'Python with a function',
      text('# net\ndef net(x):\n    return x\n'),
      'unknown-format',
      'this is Python source code, not a checkpoint',
    ],
    ['text', text('Entry not found'), 'unknown-format', 'this is a text, not a checkpoint'],
    [
      'text cut inside a character',
      text('é'.repeat(700)),
      'unknown-format',
      'this is a text, not a checkpoint',
    ],
    [
      'TensorFlow note',
      text('model_checkpoint_path: "mlp.params"\n'),
      'unknown-format',
      'this text names a TensorFlow checkpoint that is not beside it',
    ],
    [
      'zip cut short',
      zipOf('archive/data.pkl', 'archive/data/0').subarray(0, 150),
      'corrupt',
      'the zip archive is cut short: the directory at its end is missing',
    ],
    [
      'zip of something else',
      zipOf('a.txt', 'b/c.bin', 'd', 'e'),
      'unknown-format',
      'this is a zip archive of something else, not a checkpoint',
    ],
    [
      'docx',
      zipOf('[Content_Types].xml', 'word/document.xml'),
      'unknown-format',
      'this is an office document, not a checkpoint',
    ],
    ['jar', zipOf('META-INF/MANIFEST.MF'), 'unknown-format', 'this is a Java archive, not a checkpoint'],
    [
      'wheel',
      zipOf('torch/__init__.py', 'torch-2.0.dist-info/METADATA'),
      'unknown-format',
      'this is a Python package, not a checkpoint',
    ],
    [
      'ExecuTorch',
      padded(text('8\0\0\0ET12')),
      'unsupported',
      'this is an ExecuTorch program (.pte), which this version does not read yet',
    ],
    [
      'TorchScript without its module',
      zipOf('net/code/__torch__.py', 'net/constants.pkl'),
      'corrupt',
      'this is a part of a TorchScript program: the module itself is missing',
    ],
    [
      'preview torch',
      padded(text('PYTORCH1')),
      'unsupported',
      'this is a PyTorch preview file (PYTORCH1), which this version does not read yet',
    ],
    [
      'TFLite',
      padded(bytes(0x1c, 0, 0, 0, ...text('TFL3'))),
      'unsupported',
      'this is a TensorFlow Lite model, which we do not read',
    ],
    ['tar', tarOf('weights/w.bin'), 'unknown-format', 'this is a tar archive, not a checkpoint'],
    ['gzip', gzipSync('x'), 'unknown-format', 'this is a gzip-compressed file, not a checkpoint'],
    [
      'zstd',
      padded(bytes(0x28, 0xb5, 0x2f, 0xfd)),
      'unknown-format',
      'this is a Zstandard-compressed file, not a checkpoint',
    ],
    ['bzip2', padded(text('BZh9')), 'unknown-format', 'this is a bzip2-compressed file, not a checkpoint'],
    [
      'xz',
      padded(bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)),
      'unknown-format',
      'this is an xz-compressed file, not a checkpoint',
    ],
    [
      'LZ4',
      padded(bytes(4, 0x22, 0x4d, 0x18)),
      'unknown-format',
      'this is an LZ4-compressed file, not a checkpoint',
    ],
    [
      '7z',
      padded(bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c)),
      'unknown-format',
      'this is a 7z archive, not a checkpoint',
    ],
    ['RAR', padded(text('Rar!')), 'unknown-format', 'this is a RAR archive, not a checkpoint'],
    ['PNG', padded(bytes(0x89, 0x50, 0x4e, 0x47)), 'unknown-format', 'this is a PNG image, not a checkpoint'],
    [
      'JPEG',
      padded(bytes(0xff, 0xd8, 0xff, 0xe0)),
      'unknown-format',
      'this is a JPEG image, not a checkpoint',
    ],
    ['GIF', padded(text('GIF89a')), 'unknown-format', 'this is a GIF image, not a checkpoint'],
    ['PDF', padded(text('%PDF-1.7')), 'unknown-format', 'this is a PDF document, not a checkpoint'],
    [
      'ELF',
      padded(bytes(0x7f, 0x45, 0x4c, 0x46)),
      'unknown-format',
      'this is a program or library (ELF), not a checkpoint',
    ],
    [
      'Windows program',
      padded(bytes(0x4d, 0x5a, 0, 0)),
      'unknown-format',
      'this is a program or library (Windows), not a checkpoint',
    ],
    [
      'Mach-O',
      padded(bytes(0xcf, 0xfa, 0xed, 0xfe)),
      'unknown-format',
      'this is a program or library (Mach-O), not a checkpoint',
    ],
    [
      'pyc',
      padded(bytes(0xa7, 0x0d, 0x0d, 0x0a)),
      'unknown-format',
      'this is compiled Python code, not a checkpoint',
    ],
    [
      'SQLite',
      padded(text('SQLite format 3\0')),
      'unknown-format',
      'this is an SQLite database, not a checkpoint',
    ],
    ['Parquet', padded(text('PAR1')), 'unknown-format', 'this is a Parquet table, not a checkpoint'],
    [
      'IDX',
      Uint8Array.from([0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6]),
      'unknown-format',
      'this is an IDX data set, such as MNIST, not a checkpoint',
    ],
    [
      'random bytes',
      padded(bytes(0x9d, 0x42, 0x01, 0x99)),
      'unknown-format',
      'no format that we know begins like this file',
    ],
    ['three bytes', bytes(1, 2, 3), 'unknown-format', 'no format that we know begins like this file'],
  ])('%s', async (_, content, code, message) => {
    const error = await explain(content);
    expect({ code: error.code, message: error.message, file: error.file }).toEqual({
      code,
      message,
      file: 'mlp.params',
    });
    expect(error.expected).toBeDefined();
    expect(error.found).toBeDefined();
  });

  it('says what is inside an archive and what to do', async () => {
    const error = await explain(zipOf('a.txt', 'b/c.bin', 'd', 'e'));
    expect(error).toMatchObject({
      found: '4 entries: a.txt, b/c.bin, d, …',
      hint: 'unpack it and open what is inside',
    });
  });

  it('says what a cut archive began with', async () => {
    const error = await explain(zipOf('archive/data.pkl', 'archive/data/0').subarray(0, 150));
    expect(error.found).toBe('150 bytes that begin with the entry "archive/data.pkl"');
  });

  it('says how an unknown file begins', async () => {
    expect((await explain(padded(bytes(0x9d, 0x42, 1)))).found).toBe('bytes 9d 42 01 a5 a5 a5 a5 a5 …');
    expect((await explain(bytes(0x9d, 0x42))).found).toBe('bytes 9d 42');
  });

  it('names the missing index of a data file, which has no other mark', async () => {
    const error = await explain(padded(bytes(0x9d)), 'mlp.params.data-00000-of-00001');
    expect(error.message).toBe(
      'this looks like a data file of a TensorFlow checkpoint, and its index is not beside it',
    );
  });

  it('a deflate stream is just bytes', async () => {
    expect((await explain(Uint8Array.from(deflateRawSync(Buffer.alloc(900, 'weights'))))).code).toBe(
      'unknown-format',
    );
  });
});

describe('a folder that no format claims is named', () => {
  const explainFolder = (tree: Tree) =>
    rejection(
      openCheckpoint(
        { kind: 'folder', name: 'net', folder: memoryFolder('net', new Map(Object.entries(tree))) },
        [],
      ),
    );
  it.each<[string, Tree, string, string]>([
    ['empty', {}, 'unknown-format', 'the folder is empty'],
    [
      'of other files',
      { 'a.txt': bytes(1), 'b/c': bytes(1) },
      'unknown-format',
      'this folder is no checkpoint of several files',
    ],
    [
      'DCP',
      { '.metadata': bytes(1), '__0_0.distcp': bytes(1) },
      'unsupported',
      'this folder is a PyTorch distributed checkpoint whose .metadata file is missing or damaged',
    ],
    [
      'sharded',
      { 'model.safetensors.index.json': bytes(1) },
      'unsupported',
      'this folder holds the index of a sharded checkpoint, damaged or of parts that we do not join',
    ],
  ])('%s', async (_, tree, code, message) => {
    expect(await explainFolder(tree)).toMatchObject({ code, message, file: 'net' });
  });
});

const EMPTY: Checkpoint = {
  ...{ format: 'x', dialect: 'x', layout: 'dict', sources: [], tensors: [] },
  ...{ regions: [], imports: [], problems: [], metadata: {} },
};

function format(name: string, claims: Format['claims'], open: Format['open'] = async () => EMPTY): Format {
  return { name, title: name.toUpperCase(), reads: '', extensions: [], claims, open };
}

describe('choosing', () => {
  const input = () => fileInput(memorySource(bytes(1, 2, 3), 'f'));

  it('the one that claims opens', async () => {
    const opened = { ...EMPTY, dialect: 'yes' };
    const formats = [
      format('no', async () => false),
      format(
        'yes',
        async () => true,
        async () => opened,
      ),
    ];
    expect((await openCheckpoint(await input(), formats)).dialect).toBe('yes');
  });

  it('two that claim: neither opens, both are named', async () => {
    const formats = [
      format('one', async () => true),
      format('two', async () => true),
      format('no', async () => false),
    ];
    expect(await rejection(openCheckpoint(await input(), formats))).toMatchObject({
      code: 'unknown-format',
      message: 'the file reads as ONE and TWO at once',
      file: 'f',
    });
  });

  it('a failure of the format gets file and format', async () => {
    const failing = format(
      'bad',
      async () => true,
      async () => {
        throw new AppError('corrupt', 'broken', { offset: 7 });
      },
    );
    expect(await rejection(openCheckpoint(await input(), [failing]))).toEqual({
      ...{ code: 'corrupt', message: 'broken', offset: 7 },
      ...{ file: 'f', format: 'bad' },
    });
  });

  it('a format that cannot look speaks where none claims, and is passed over where one does', async () => {
    const blind = format('blind', async () => {
      throw new AppError('corrupt', 'the directory is damaged');
    });
    expect(await rejection(openCheckpoint(await input(), [blind]))).toEqual({
      ...{ code: 'corrupt', message: 'the directory is damaged', file: 'f' },
    });
    expect(await openCheckpoint(await input(), [blind, format('yes', async () => true)])).toBeDefined();
  });

  it('what a format returns is validated', async () => {
    const tensor = {
      name: 'a',
      dtype: 'f32',
      shape: [9],
      storage: { kind: 'inline', bytes: bytes(1) },
    } as const;
    const careless = format(
      'careless',
      async () => true,
      async () => ({ ...EMPTY, tensors: [tensor] }),
    );
    const { tensors, problems } = await openCheckpoint(await input(), [careless]);
    expect([tensors[0]!.storage.kind, problems.map(({ code }) => code)]).toEqual(['none', ['length']]);
  });

  it('no format claims what the table of other files is about', async () => {
    for (const content of [bytes(), text('a text'), zipOf('a.txt'), padded(bytes(0x89, 0x50, 0x4e, 0x47))]) {
      const file = await fileInput(memorySource(content, 'f'));
      for (const one of FORMATS) expect(await one.claims(file), one.name).toBe(false);
    }
  });
});

describe.skipIf(!hasOracles)('every genuine file opens, or is named for what it is', () => {
  const paths = hasOracles ? Object.keys(readOracles().files) : [];
  it.each(paths)('%s', async (path) => {
    const full = `${ORACLES}${path}`;
    const source = path.endsWith('/') ? undefined : await fileSource(full);
    const folder = folderAt(path.endsWith('/') ? full.slice(0, -1) : dirname(full));
    const opened = await openCheckpoint(
      source ? await fileInput(source, folder) : { kind: 'folder', name: folder.name, folder },
    ).catch((error: unknown) => error);
    if (opened instanceof Error) {
      await source?.close();
      expect(opened).toBeInstanceOf(AppError);
      expect({ code: (opened as AppError).code, message: opened.message }).toEqual({
        code: 'unsupported',
        message: expect.stringMatching(
          /^this (folder )?(is|holds) .*which this version does not read( as one)? yet$/,
        ),
      });
    } else {
      await Promise.all((opened as Checkpoint).sources.map((one) => one.close()));
    }
  });
});
