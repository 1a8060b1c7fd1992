/** A single flipped bit in a tensor whose format records a checksum is always found, and its bytes are named. */
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { SourceDescription } from '#main/bytes/source.ts';
import type { Checkpoint, Checksum } from '#main/formats/contract.ts';
import { isChunkChecked } from '#main/formats/chunks.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { FORMATS } from '#main/formats/registry.ts';
import { createCompute } from '#main/services/compute.ts';
import { verifyCheckpoint } from '#main/services/integrity.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { VerifiedTensor } from '#shared/commands/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';
import type { Seed } from '#test/kit/damage.ts';
import { digestOf } from '#test/kit/digest.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { randomFrom } from '#test/kit/mutation.ts';
import { seedsByFormat } from '#test/kit/seeds.ts';
import { hasOracles } from '#test/kit/shared-files.ts';

/** Flips in each file. */
const MOST_FLIPS = 8;

const compute = createCompute(undefined);

/** Bytes of one of the seed's files that a checksum vouches for. */
interface Vouched {
  readonly tensor: string;
  readonly file: string;
  readonly begin: number;
  readonly end: number;
  readonly isPacked: boolean;
}

async function open(seed: Seed, files: ReadonlyMap<string, Uint8Array>): Promise<Checkpoint> {
  const bytes = files.get(seed.name)!;
  return openCheckpoint(await fileInput(memorySource(bytes, seed.name), memoryFolder('folder', files)));
}

async function verified(checkpoint: Checkpoint): Promise<readonly VerifiedTensor[]> {
  const { tensors } = await verifyCheckpoint({ checkpoint } as OpenCheckpoint, compute, {
    signal: new AbortController().signal,
    progress: () => {},
  });
  return tensors;
}

function vouchedIn(seed: Seed, checkpoint: Checkpoint): Vouched[] {
  return checkpoint.tensors.flatMap(({ name, checksums = [], storage }) => {
    const chunks = storage.kind === 'chunked' ? storage.chunks.filter(isChunkChecked) : [];
    const ranges = [
      ...checksums.map(({ source, begin, end }) => ({ source, begin, end, isPacked: false })),
      ...chunks.map(({ source, offset, byteLength }) => ({
        source,
        begin: offset,
        end: offset + byteLength,
        isPacked: true,
      })),
    ];
    return ranges.flatMap(({ source, isPacked, ...range }) => {
      const place = placeOf(seed, checkpoint.sources[source]!.description, range);
      if (!place || place.end <= place.begin) return [];
      return [{ tensor: name, ...place, isPacked: place.isPacked || isPacked }];
    });
  });
}

/** Where a source's bytes lie in the file that it is made of; undefined for what was put together from several places. */
function placeOf(
  seed: Seed,
  description: SourceDescription,
  { begin, end }: Pick<Checksum, 'begin' | 'end'>,
): Omit<Vouched, 'tensor'> | undefined {
  switch (description.kind) {
    case 'memory': {
      const file = [...seed.files].find(([, bytes]) => bytes === description.bytes)?.[0];
      return file === undefined ? undefined : { file, begin, end, isPacked: false };
    }
    case 'span':
      return placeOf(seed, description.of, {
        begin: description.offset + begin,
        end: description.offset + end,
      });
    case 'inflated': {
      const packed = {
        begin: description.offset,
        end: description.offset + description.compressedByteLength,
      };
      const place = placeOf(seed, description.of, packed);
      return place && { ...place, isPacked: true };
    }
    default:
      return undefined;
  }
}

function flipped(seed: Seed, { file }: Vouched, at: number, bit: number): Map<string, Uint8Array> {
  const bytes = seed.files.get(file)!.slice();
  bytes[at]! ^= 1 << bit;
  return new Map([...seed.files, [file, bytes]]);
}

/** @returns what is wrong, or undefined where the flip was found. */
async function faultAfter(
  seed: Seed,
  place: Vouched,
  at: number,
  bit: number,
  before: ReadonlyMap<string, string | undefined>,
): Promise<string | undefined> {
  const title = `${seed.name}, ${place.tensor}: bit ${bit} of byte ${at} in ${place.file}`;
  try {
    const checkpoint = await open(seed, flipped(seed, place, at, bit));
    const tensor = checkpoint.tensors.find(({ name }) => name === place.tensor);
    const row = (await verified(checkpoint)).find(({ name }) => name === place.tensor);
    if (!row || !tensor) return undefined; // the flip is in a header: the tensor goes by another name, or by none
    if (row.state === 'failed') {
      // what can no longer be put together has no bytes to name
      if (tensor.storage.kind === 'none') return undefined;
      const isNamed = row.range !== undefined && row.range[0] <= at && at < row.range[1];
      return isNamed ? undefined : `${title} is not among the bytes told, ${row.range?.join(' to ')}`;
    }
    // bits behind the end of a deflate stream mean nothing
    const isSame =
      place.isPacked && (await digestOf(tensor, checkpoint.sources)) === before.get(place.tensor);
    return isSame ? undefined : `${title} was not found: ${row.state}`;
  } catch (error) {
    if (isAppError(error) && error.code !== 'internal') return undefined;
    throw error;
  }
}

const kinds = [...seedsByFormat()];

/** Formats of which some file, as it was opened here, tells of a checksum. */
const vouching = new Set<string>();

describe('a flipped bit is found', () => {
  it.each(kinds)('%s', { timeout: 60_000 }, async (_kind, seeds) => {
    const random = randomFrom(41);
    const faults: string[] = [];
    let flips = 0;
    let vouched = 0;
    for (const seed of seeds) {
      const checkpoint = await open(seed, seed.files).catch(() => undefined);
      const places = checkpoint ? vouchedIn(seed, checkpoint) : [];
      if (!checkpoint || places.length === 0) continue;
      vouching.add(checkpoint.format);
      const clean = new Map((await verified(checkpoint)).map(({ name, state }) => [name, state]));
      vouched += places.filter(({ tensor }) => clean.get(tensor) === 'verified').length;
      const before = new Map<string, string | undefined>();
      for (const tensor of checkpoint.tensors) {
        before.set(tensor.name, await digestOf(tensor, checkpoint.sources).catch(() => undefined));
      }
      for (let flip = 0; flip < MOST_FLIPS; flip++) {
        const place = places[Math.floor(random() * places.length)]!;
        if (clean.get(place.tensor) !== 'verified') continue;
        const at = place.begin + Math.floor(random() * (place.end - place.begin));
        const fault = await faultAfter(seed, place, at, Math.floor(random() * 8), before);
        if (fault !== undefined) faults.push(fault);
        flips++;
      }
    }
    expect(faults.slice(0, 5), `${faults.length} of ${flips}`).toEqual([]);
    if (vouched > 0) expect(flips).toBeGreaterThan(0);
  });

  it('in every format that has checksums: a new one says here whether it does', () => {
    expect(Object.keys(HAS_CHECKSUMS).sort()).toEqual(FORMATS.map(({ name }) => name).sort());
    const having = Object.keys(HAS_CHECKSUMS).filter((format) => HAS_CHECKSUMS[format]);
    expect(having).toEqual(expect.arrayContaining([...vouching]));
    if (hasOracles) expect([...vouching].sort()).toEqual(having.sort());
  });
});

/** By the name of the format: whether its files can record a checksum of a tensor's bytes. */
const HAS_CHECKSUMS: Readonly<Record<string, boolean>> = {
  // where its arrays lie in a folder of chunks beside it
  flax: true,
  gguf: false,
  hdf5: true,
  keras: true,
  mxnet: false,
  numpy: true,
  onnx: false,
  orbax: true,
  pickle: true,
  pytorch: true,
  safetensors: false,
  tensorflow: true,
};
