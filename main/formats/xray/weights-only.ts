// What torch.load(weights_only=True) makes of a file: torch/serialization.py of torch 2.6 to 2.15.
import { beginsTar } from '#main/encodings/tar/tar.ts';
import { openZip, type ZipArchive, type ZipEntry } from '#main/encodings/zip/zip.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { isStreamFile } from '#main/formats/pytorch/stream-file.ts';
import type { MetPickle } from '#main/formats/xray/findings.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';
import type { WeightsOnly } from '#shared/xray.ts';

const ZIP = 0x04034b50;
/** Magic number, protocol, system, object and storage keys. */
const STREAM_PICKLES = 5;
/** Parts of a storage's id. */
const ZIP_ID_PARTS = 5;
const STREAM_ID_PARTS = 6;
/** Problems of a tensor that torch would stumble over as well. */
const FATAL: ReadonlySet<string> = new Set(['corrupt', 'shape', 'storage', 'storage-range', 'unknown-dtype']);

/**
 * @param pickles of the file, in the order in which they were met.
 * @param problems of the opened checkpoint, if it opens.
 */
export async function weightsOnlyOf(
  source: ByteSource,
  pickles: readonly MetPickle[],
  problems: readonly Problem[] | undefined,
): Promise<WeightsOnly> {
  const head = await source.read(0, Math.min(512, source.byteLength));
  const isZip = head.byteLength >= 4 && new DataView(head.buffer, head.byteOffset).getUint32(0, true) === ZIP;
  const reason =
    (isZip ? await zipReason(source, pickles) : streamReason(source, head, pickles)) ??
    problems?.find(({ code, tensor }) => tensor !== undefined && FATAL.has(code))?.message;
  if (reason !== undefined) return { accepted: false, reason };
  return problems ? { accepted: true } : { accepted: false, reason: 'its structure is damaged' };
}

async function zipReason(source: ByteSource, pickles: readonly MetPickle[]): Promise<string | undefined> {
  const zip = await openZip(source).catch((error: unknown) => {
    if (isAppError(error) && error.code !== 'io') return undefined;
    throw error;
  });
  const first = zip?.entries[0];
  if (!zip || !first) return 'the archive has no directory that could be read';
  if (zip.problems.some(({ code }) => code === 'zip-prefix')) {
    return 'the archive does not begin where the file does';
  }
  const folder = first.name.split('/')[0]!;
  const stray = zip.entries.find(({ name }) => !name.startsWith(`${folder}/`));
  if (stray) return `${stray.name} lies outside the folder that holds the rest`;
  if (zip.find(`${folder}/constants.pkl`))
    return 'it is a TorchScript archive, which is refused in that mode';
  const order = zip.find(`${folder}/byteorder`);
  if (order) {
    const text = await textIn(zip, order);
    if (text === undefined) return 'its byte order could not be read';
    if (text !== 'little' && text !== 'big') return `its byte order is stated as ${text}`;
  }
  const pickle = zip.find(`${folder}/data.pkl`);
  if (!pickle) return 'it has no data.pkl, which torch.save writes';
  return refusalIn(pickles.filter(({ stream }) => stream === pickle.name).slice(0, 1), 1, ZIP_ID_PARTS);
}

/** The beginning of a member; undefined where it is damaged. */
async function textIn(zip: ZipArchive, entry: ZipEntry): Promise<string | undefined> {
  try {
    const member = await zip.source(entry);
    return Buffer.from(await member.read(0, Math.min(64, member.byteLength))).toString('latin1');
  } catch (error) {
    if (isAppError(error) && error.code !== 'io') return undefined;
    throw error;
  }
}

function streamReason(
  source: ByteSource,
  head: Uint8Array,
  pickles: readonly MetPickle[],
): string | undefined {
  if (beginsTar(head)) {
    return 'it is a tar archive, which is refused in that mode';
  }
  const own = pickles.filter(({ stream }) => stream === source.name);
  if (isStreamFile(head)) return refusalIn(own.slice(0, STREAM_PICKLES), STREAM_PICKLES, STREAM_ID_PARTS);
  return (
    (own[0]?.begin === 0 ? refusalIn(own.slice(0, 1), 1, STREAM_ID_PARTS) : undefined) ??
    'it is no file that torch.save writes'
  );
}

function refusalIn(pickles: readonly MetPickle[], count: number, idParts: number): string | undefined {
  for (const { refusal, fault, storageIdLengths } of pickles) {
    if (refusal) return `${refusal.reason} (at byte ${refusal.offset})`;
    if (fault) return fault.message;
    const odd = [...storageIdLengths].find((length) => length !== idParts);
    if (odd !== undefined) return `it names a storage by ${odd} parts, and this format has ${idParts}`;
  }
  return pickles.length < count ? 'its pickle could not be read' : undefined;
}
