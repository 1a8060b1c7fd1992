/** Files that begin with a pickle, packed or not, and what they hold for whoever asks. */
import { PACKED_PAGE_BYTES, PACKED_PAGES } from '#main/bytes/limits.ts';
import { pagedSource } from '#main/bytes/paged-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { joblibInsertion } from '#main/encodings/ndarray/joblib-array.ts';
import { packingOf, type Packing, type PartChecksum } from '#main/encodings/packed-file/packed-file.ts';
import { scanPickle, type PickleReading } from '#main/encodings/pickle/pickle.ts';

export interface PickledFile {
  /** What the offsets in the reading are of: the file itself, or what it unpacks to. */
  readonly source: ByteSource;
  readonly packing: 'none' | Packing['kind'];
  /** Over all of the source, part by part, where it was packed. */
  readonly checksums: readonly PartChecksum[];
  /** Of the first pickle. */
  readonly reading: PickleReading;
  /** Reads another pickle of the source. */
  readPickle(begin: number): Promise<PickleReading>;
}

/** What fails this early was no pickle to begin with. */
const CREDIBLE_BYTES = 8;

/**
 * Reads the pickle that a file begins with, its arrays left where they are.
 * @param head the first bytes of the file. @param tail the last ones.
 * @returns undefined for a file that does not begin with a pickle.
 * @throws AppError for a packed file that cannot be unpacked.
 */
export async function openPickledFile(
  file: ByteSource,
  head: Uint8Array,
  tail: Uint8Array,
): Promise<PickledFile | undefined> {
  const packing = packingOf(file, head);
  const first = packing ? await packing.readHead() : head;
  const isText = beginsAsText(first) && (packing !== undefined || tail.at(-1) === STOP);
  if (!beginsWithProtocol(first) && !isText) return undefined;
  const unpacked = await packing?.unpack();
  const source = unpacked
    ? pagedSource(unpacked.source, { pageBytes: PACKED_PAGE_BYTES, pages: PACKED_PAGES })
    : file;
  const readPickle = (begin: number): Promise<PickleReading> =>
    scanPickle(source, { begin, insertion: joblibInsertion });
  const reading = await readPickle(0);
  const { fault } = reading;
  const failsAt = fault?.fields.offset ?? reading.end;
  const isCredible = !fault || (!isText && (failsAt >= CREDIBLE_BYTES || beginsWithFrame(first)));
  if (!isCredible) return undefined;
  return {
    source,
    packing: packing?.kind ?? 'none',
    checksums: unpacked?.checksums ?? [],
    reading,
    readPickle,
  };
}

const PROTO = 0x80;
const FRAME = 0x95;
const STOP = 0x2e;

/** Protocols 2 to 5 say so. */
function beginsWithProtocol(bytes: Uint8Array): boolean {
  return bytes[0] === PROTO && bytes[1]! >= 2 && bytes[1]! <= 5;
}

/** From protocol 4 on a frame follows, whose length is below 2^40. */
function beginsWithFrame(bytes: Uint8Array): boolean {
  return bytes[2] === FRAME && bytes[8] === 0 && bytes[9] === 0 && bytes[10] === 0;
}

/** Protocols 0 and 1 begin with a container, an import, or the start of what goes into one. */
function beginsAsText(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 200)).toString(
    'latin1',
  );
  return /^(\([dl]p?\d*\n?|\(i[\w.]+\n|[\]})]q|\(*c[\w.]+\n\w+\n|\([\]}(])/.test(text);
}
