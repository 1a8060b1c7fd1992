/** Statistics of packed files, beside unpacking alone and beside reading by the library that packs so. */
import { closeSync, existsSync, openSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

import {
  makeNpz,
  makeValues,
  makeZarr,
  npzPieces,
  zarrPieces,
  type Piece,
} from '#test/bench/encoded-files.ts';
import { FOLDER, ask, engineCase } from '#test/bench/engines.ts';
import { makeSafetensors } from '#test/bench/data.ts';
import { fasterRow, measure, slowerRow, type Case, type Row } from '#test/bench/measure.ts';
import { startPeer, type Peer } from '#test/bench/peers.ts';

/** A Python with numpy and, for what they pack, h5py and numcodecs. */
const PYTHON = process.env['PARAMSCOPE_PACKERS_PYTHON'];

/** Small tensors, for an engine to work on before. */
const WARM_SIZES = new Array<number>(64).fill(2 ** 16);

/** Beside zlib, whose own threads unpack chunks side by side for us. */
const INFLATING_GOAL = '≤ 1.5×';

/** One way of packing, with what can be measured of it here. */
interface Encoded {
  readonly what: string;
  readonly path: string;
  /** Unpacking and nothing else, in one thread. */
  readonly floor: Case;
  readonly goal: string;
  readonly peer?: Case | undefined;
}

export async function encodedRows(): Promise<Row[]> {
  const small = join(FOLDER, 'encoded-warm.safetensors');
  makeSafetensors(small, { sizes: WARM_SIZES, seed: 3 });
  const values = makeValues();
  const peer = await startPeer(1, { python: PYTHON, script: 'encoded_peer.py' });
  try {
    const rows: Row[] = [];
    for (const encoded of [
      gzippedZarr(values, peer),
      await zstdZarr(values, peer),
      await hdf5(values, peer),
      npz(values, peer),
    ]) {
      rows.push(...('missing' in encoded ? [missingRow(encoded)] : await rowsOf(encoded, small)));
    }
    return rows;
  } finally {
    peer?.close();
  }
}

/** What cannot be measured here, and why. */
interface Missing {
  readonly what: string;
  readonly missing: string;
}

function missingRow({ what, missing }: Missing): Row {
  return { what: about(what), ours: 'not measured', against: missing, ratio: '' };
}

function about(what: string): string {
  return `statistics of 256 MiB f32, ${what}, one compute thread`;
}

async function rowsOf({ what, path, floor, goal, peer }: Encoded, small: string): Promise<Row[]> {
  const ours = engineCase('ours', false, small, (engine) =>
    ask(engine, 'checkpoint.summarize', { file: engine.grant(path).file, quantiles: [] }),
  );
  const [own, unpacking, reading] = await measure(peer ? [ours, floor, peer] : [ours, floor]);
  return [
    slowerRow(about(what), own!, unpacking!, goal),
    ...(reading ? [fasterRow(about(what), own!, reading)] : []),
  ];
}

function gzippedZarr(values: string, peer: Peer | undefined): Encoded {
  const path = makeZarr(values);
  const packer = has(peer, 'numcodecs');
  return {
    what: 'zarr with gzip',
    path,
    floor: inflating(zarrPieces(path), gunzipSync),
    goal: INFLATING_GOAL,
    peer: packer?.timed(`${named(packer, 'numcodecs')} and numpy`, 'read-zarr', path),
  };
}

async function zstdZarr(values: string, peer: Peer | undefined): Promise<Encoded | Missing> {
  const what = 'zarr with Zstandard';
  const packer = has(peer, 'numcodecs');
  if (!packer) return { what, missing: 'no Python with numcodecs is named to pack it' };
  const path = await madeByPeer(packer, 'make-zstd', values, 'encoded-zstd');
  return {
    what,
    path,
    floor: packer.timed(`libzstd alone, ${named(packer, 'numcodecs')}`, 'unpack-zstd', path),
    goal: '≤ 3×',
    peer: packer.timed(`${named(packer, 'numcodecs')} and numpy`, 'read-zarr', path),
  };
}

async function hdf5(values: string, peer: Peer | undefined): Promise<Encoded | Missing> {
  const what = 'HDF5 with shuffle and gzip';
  const packer = has(peer, 'h5py');
  if (!packer) return { what, missing: 'no Python with h5py is named to pack it' };
  const path = await madeByPeer(packer, 'make-hdf5', values, 'encoded.h5');
  const places = JSON.parse(await packer.ask('pieces', path)) as [number, number][];
  return {
    what,
    path,
    floor: inflating(
      places.map(([offset, byteLength]) => ({ path, offset, byteLength })),
      inflateSync,
    ),
    goal: INFLATING_GOAL,
    peer: packer.timed(`${named(packer, 'h5py')} and numpy`, 'read-hdf5', path),
  };
}

function npz(values: string, peer: Peer | undefined): Encoded {
  const path = makeNpz(values);
  return {
    what: 'npz with deflate',
    path,
    floor: inflating(npzPieces(path), inflateRawSync),
    goal: INFLATING_GOAL,
    peer: peer?.timed(named(peer, 'numpy'), 'read-npz', path),
  };
}

function has(peer: Peer | undefined, library: string): Peer | undefined {
  return peer?.versions.includes(library) ? peer : undefined;
}

/** A library with its version. */
function named({ versions }: Peer, library: string): string {
  return versions.split(', ').find((version) => version.startsWith(library)) ?? library;
}

/** Made once and kept; what is there under its own name is whole. */
async function madeByPeer(peer: Peer, command: string, values: string, name: string): Promise<string> {
  const path = join(FOLDER, name);
  if (existsSync(path)) return path;
  rmSync(`${path}.part`, { recursive: true, force: true });
  await peer.ask(command, values, `${path}.part`);
  renameSync(`${path}.part`, path);
  return path;
}

/** Reads and unpacks every piece, one after the other. */
function inflating(pieces: readonly Piece[], unpack: (bytes: Uint8Array) => Uint8Array): Case {
  return {
    name: 'inflating alone, by zlib',
    run: () => {
      for (const piece of pieces) unpack(bytesOf(piece));
    },
  };
}

function bytesOf({ path, offset, byteLength }: Piece): Uint8Array {
  if (byteLength === Infinity) return readFileSync(path);
  const bytes = new Uint8Array(byteLength);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, byteLength, offset);
  closeSync(file);
  return bytes;
}
