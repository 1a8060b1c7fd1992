// POSIX.1-2017 `pax`, "ustar Interchange Format" and "pax Extended Header"; GNU tar's manual, "Basic Tar Format".
import { TAR_EXTENSION_BYTES, TAR_HEADERS } from '#main/bytes/limits.ts';
import { sourceCursor, type SourceCursor } from '#main/bytes/source-cursor.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { parseTarHeader, TAR_BLOCK } from '#main/encodings/tar/header.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';

export { beginsTar } from '#main/encodings/tar/header.ts';

/** Offsets are bytes of the source. */
export interface TarMember {
  readonly name: string;
  /** Of its own header, behind those that extend it. */
  readonly headerOffset: number;
  /** Of its first byte. */
  readonly offset: number;
  /** As its header states it; where the archive is cut short, the last member reaches beyond the file. */
  readonly byteLength: number;
  /** False for folders, links and devices, which have no bytes to look at. */
  readonly isFile: boolean;
  /** Whether its header has the checksum that it states. */
  readonly isChecked: boolean;
}

/** An archive as far as it could be read. */
export interface TarReading {
  /** In the order of the file; of several with one name, Python takes the last. */
  readonly members: readonly TarMember[];
  /** Behind the last member that is whole, or where the header of the one at fault is. */
  readonly end: number;
  /** Why reading ended early. */
  readonly fault?: AppError;
}

export interface TarOptions {
  /** Members after which reading ends without a fault. */
  readonly most?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What an extended header says about the next member. */
interface Extension {
  name?: string;
  byteLength?: number;
}

/**
 * Lists the members of an uncompressed archive by walking from header to header; their bytes stay where they are.
 * @throws AppError `io` and `cancelled` only.
 */
export async function readTar(source: ByteSource, options: TarOptions = {}): Promise<TarReading> {
  const { most = Infinity, signal } = options;
  const cursor = sourceCursor(source);
  const members: TarMember[] = [];
  let extension: Extension = {};
  let end = 0;
  try {
    for (let headers = 0; members.length < most && cursor.remaining() >= TAR_BLOCK; headers++) {
      throwIfCancelled(signal);
      if (headers >= TAR_HEADERS) throw tooMany();
      const header = parseTarHeader(await cursor.take(TAR_BLOCK));
      if (!header) break;
      const isExtension = EXTENSIONS.has(header.type);
      const byteLength = isExtension ? header.byteLength : (extension.byteLength ?? header.byteLength);
      if (byteLength === undefined) {
        throw new AppError('corrupt', 'a header of the tar archive states no length', {
          expected: 'octal digits',
        });
      }
      if (!isExtension) {
        members.push({
          name: extension.name ?? header.name,
          headerOffset: end,
          offset: cursor.position(),
          byteLength,
          isFile: FILES.has(header.type),
          isChecked: header.isChecked,
        });
        extension = {};
      }
      if (byteLength > cursor.remaining()) throw cutShort(byteLength, cursor.remaining());
      if (isExtension) extension = { ...extension, ...(await extensionIn(cursor, header.type, byteLength)) };
      else cursor.skip(byteLength);
      const padding = (TAR_BLOCK - (byteLength % TAR_BLOCK)) % TAR_BLOCK;
      cursor.skip(Math.min(padding, cursor.remaining()));
      end = cursor.position();
    }
    return { members, end };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io' || error.code === 'cancelled') throw error;
    return { members, end, fault: error.with({ file: source.name, offset: end }) };
  }
}

/** Files, also as the oldest writers marked them, and those that were to lie in one piece. */
const FILES: ReadonlySet<string> = new Set(['0', '\0', '7']);

/** Headers about other headers: of pax for the next member and for all, of GNU a long name and a long link. */
const EXTENSIONS: ReadonlySet<string> = new Set(['x', 'g', 'L', 'K']);

/** Passes over an extended header, and reads it where it is about the next member. */
async function extensionIn(cursor: SourceCursor, type: string, byteLength: number): Promise<Extension> {
  if (type === 'x') return paxRecords(await payload(cursor, byteLength));
  if (type === 'L') return { name: (await payload(cursor, byteLength)).split('\0')[0]! };
  cursor.skip(byteLength);
  return {};
}

async function payload(cursor: SourceCursor, byteLength: number): Promise<string> {
  if (byteLength > TAR_EXTENSION_BYTES) {
    throw new AppError('limit', 'an extended header of the tar archive is longer than we read', {
      expected: `at most ${TAR_EXTENSION_BYTES} bytes`,
      found: `${byteLength} bytes`,
    });
  }
  return Buffer.from((await cursor.take(byteLength)).bytes(byteLength)).toString('utf8');
}

/** Lines `length keyword=value`, of which path and size concern us. */
function paxRecords(text: string): Extension {
  const records = new Map(
    text.split('\n').flatMap((line) => {
      const [, key, value] = /^\d+ ([^=]+)=(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
  const name = records.get('path');
  const size = records.get('size');
  return {
    ...(name === undefined ? {} : { name }),
    ...(size !== undefined && /^\d{1,15}$/.test(size) ? { byteLength: Number(size) } : {}),
  };
}

function cutShort(byteLength: number, remaining: number): AppError {
  return new AppError('corrupt', 'the tar archive is cut short: a member reaches beyond its end', {
    expected: `${byteLength} more bytes`,
    found: `${remaining} bytes`,
    hint: 'the file is cut short or damaged; fetch or save it again',
  });
}

function tooMany(): AppError {
  return new AppError('limit', 'the tar archive has more headers than we read', {
    expected: `at most ${TAR_HEADERS}`,
  });
}
