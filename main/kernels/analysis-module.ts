/** The compiled analysis kernels, made on first use: one instance and one memory of its own a thread. */
import { base64 } from '#main/kernels/assembly/analysis.ts?wasm';
import { AppError } from '#shared/errors.ts';

/** Addresses and lengths are bytes of the module's memory. */
export interface AnalysisKernels {
  readonly memory: WebAssembly.Memory;
  /** Where the module's own data ends. */
  workspace(): number;
  /** Signed, as WebAssembly hands numbers over. */
  crc32(at: number, byteLength: number, seed: number): number;
  crc32c(at: number, byteLength: number, seed: number): number;
  /** See `assembly/xxhash64.ts`. */
  hashStart(lanes: number): void;
  hashStripes(at: number, byteLength: number, lanes: number): void;
  hashFinish(lanes: number, rest: number, total: number): bigint;
  /** @param record twelve doubles: see `assembly/moments.ts`. */
  momentsF32(at: number, count: number, tiny: number, record: number): void;
  momentsF64(at: number, count: number, tiny: number, record: number): void;
  countBytes(at: number, count: number, tables: number): void;
  countHalves(at: number, count: number, tables: number): void;
  countUpperHalves(at: number, count: number, tables: number): void;
  countUpperHalvesOfDoubles(at: number, count: number, tables: number): void;
  drain(tables: number, tableCount: number, length: number, totals: number): void;
  gather(totals: number, length: number, codes: number, counts: number): number;
  /** @param record eight doubles: see `assembly/difference.ts`. */
  differF32(a: number, b: number, count: number, record: number): void;
  differF64(a: number, b: number, count: number, record: number): void;
  excessF32(a: number, b: number, count: number, absolute: number, relative: number): number;
  excessF64(a: number, b: number, count: number, absolute: number, relative: number): number;
  /** See `assembly/casts.ts`. */
  areCastsF32(a: number, b: number, count: number, fromA: number, fromB: number): number;
  areCastsF64(a: number, b: number, count: number, fromA: number, fromB: number): number;
  stepsOfBytes(a: number, b: number, count: number, places: number): number;
  stepsOfHalves(a: number, b: number, count: number, places: number): number;
  stepsOfDoubles(a: number, b: number, count: number): bigint;
  /** See `assembly/subtraction.ts`. */
  subtractF32(a: number, b: number, count: number, out: number): void;
  subtractF64(a: number, b: number, count: number, out: number): void;
  readonly doublesOfF32: ConversionKernel;
  decodeBytes(at: number, count: number, numbers: number, out: number): void;
  decodeHalves(at: number, count: number, numbers: number, out: number): void;
  /** See `assembly/heat-map.ts`. */
  heatSlice(
    rows: number,
    columns: number,
    cellRows: number,
    cellColumns: number,
    bounds: number,
    fromColumn: number,
    toColumn: number,
  ): void;
  heatF32(at: number, count: number, row: number, column: number, cells: number): void;
  heatF64(at: number, count: number, row: number, column: number, cells: number): void;
  readonly profileF32: ProfileKernel;
  readonly profileF64: ProfileKernel;
  readonly profileI64: ProfileKernel;
  readonly profileU64: ProfileKernel;
  /** Decoders of blocks: see `assembly/blocks.ts`. */
  nibbleBlocks(
    ...places: [...BlockPlaces, blockBytes: number, codes: number, high: number, zero: number, least: number]
  ): void;
  byteBlocks(...places: [...BlockPlaces, blockBytes: number, codes: number]): void;
  longByteBlocks(...places: BlockPlaces): void;
  twoBitBlocks(...places: BlockPlaces): void;
  threeBitBlocks(...places: BlockPlaces): void;
  sixBitScaledBlocks(...places: [...BlockPlaces, blockBytes: number, codes: number, fifth: number]): void;
  sixBitBlocks(...places: BlockPlaces): void;
  unevenBlocks(...places: BlockPlaces): void;
  scaledUnevenBlocks(...places: BlockPlaces): void;
  microscaledBlocks(...places: BlockPlaces): void;
  floatScaledBlocks(...places: BlockPlaces): void;
  ternaryDigitBlocks(...places: BlockPlaces): void;
  ternaryBitBlocks(...places: BlockPlaces): void;
  signBlocks(...places: BlockPlaces): void;
  bitPairBlocks(...places: BlockPlaces): void;
  iq1sBlocks(...places: [...BlockPlaces, points: number]): void;
  iq1mBlocks(...places: [...BlockPlaces, points: number]): void;
  iq2xxsBlocks(...places: [...BlockPlaces, points: number]): void;
  iq2xsBlocks(...places: [...BlockPlaces, points: number]): void;
  iq2sBlocks(...places: [...BlockPlaces, points: number]): void;
  iq3xxsBlocks(...places: [...BlockPlaces, points: number]): void;
  iq3sBlocks(...places: [...BlockPlaces, points: number]): void;
  /** See `assembly/binning.ts`. */
  binF32(
    at: number,
    count: number,
    low: number,
    factor: number,
    doubt: number,
    bins: number,
    edges: number,
    counts: number,
    outside: number,
  ): void;
  /** See `assembly/binning.ts`. */
  binF64(
    at: number,
    count: number,
    low: number,
    factor: number,
    margin: number,
    bins: number,
    edges: number,
    counts: number,
    laneStride: number,
    outside: number,
  ): void;
  /** See `assembly/whole-numbers.ts`. */
  readonly doublesOfI32: ConversionKernel;
  readonly doublesOfU32: ConversionKernel;
  readonly doublesOfI64: ConversionKernel;
  readonly doublesOfU64: ConversionKernel;
  wholeNumbersI64(at: number, count: number, record: number): void;
  wholeNumbersU64(at: number, count: number, record: number): void;
  readonly narrowF32: NarrowingKernel;
  readonly narrowF64: NarrowingKernel;
  readonly narrowI32: NarrowingKernel;
  readonly narrowU32: NarrowingKernel;
  readonly narrowI64: NarrowingKernel;
  readonly narrowU64: NarrowingKernel;
  readonly finiteBytes: FinitePrefixKernel;
  readonly finiteHalves: FinitePrefixKernel;
  readonly finiteWords: FinitePrefixKernel;
  readonly finiteDoubles: FinitePrefixKernel;
}

/** Of blocks, what they are decoded to, and the f32 number of every binary16 code. */
type BlockPlaces = [at: number, count: number, out: number, halves: number];

/** See `assembly/profile.ts`. */
type ProfileKernel = (
  at: number,
  rows: number,
  columns: number,
  ...lines: [rowLines: number, rowPitch: number, columnLines: number, columnPitch: number]
) => void;

type ConversionKernel = (at: number, count: number, out: number) => void;

/** See `assembly/narrowing.ts`. */
type NarrowingKernel = (
  at: number,
  count: number,
  ...places: [places: number, intervals: number, keys: number, room: number]
) => number;

/** See `assembly/non-finite.ts`. */
type FinitePrefixKernel = (at: number, byteLength: number, mask: number, code: number) => number;

const PAGE_BYTES = 65_536;
/** Address space alone until it is written to: enough for all regions of ordinary windows, and what is added when more is needed. */
const START_BYTES = 64 * 1024 * 1024;
/** A cache line and the widest vector. */
const ALIGNMENT = 64;
/** Times what is needed that a run may have. */
const MOST_WASTE = 2;

let instance: AnalysisKernels | undefined;
let end = 0;

export function analysisKernels(): AnalysisKernels {
  if (!instance) {
    const module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
    instance = new WebAssembly.Instance(module).exports as unknown as AnalysisKernels;
    end = instance.workspace();
    instance.memory.grow(START_BYTES / PAGE_BYTES);
  }
  return instance;
}

/** A part of the module's memory that its user alone writes to; it grows with what is asked of it. */
export interface Region {
  /** Its address; never 0. Where it has to grow, it lies elsewhere and what was in it is lost. */
  reserve(byteLength: number): number;
  /** Lets others have the memory. */
  release(): void;
}

/** A run of bytes of the module's memory. */
interface Place {
  readonly at: number;
  readonly size: number;
}

/** Runs that nobody uses at the moment: several passes may be under way in a thread, in turns, each in regions of its own. */
const idle: Place[] = [];

export function memoryRegion(): Region {
  let place: Place | undefined;
  const release = () => {
    if (place) idle.push(place);
    place = undefined;
  };
  return {
    reserve: (byteLength) => {
      if (place && byteLength <= place.size) return place.at;
      release();
      place = takePlace(byteLength);
      return place.at;
    },
    release,
  };
}

/** The idle run that fits best, if it is not much too large: short tables would otherwise take the place of long ones. */
function takePlace(byteLength: number): Place {
  let best = -1;
  for (let index = 0; index < idle.length; index++) {
    const { size } = idle[index]!;
    const isFitting = size >= byteLength && size <= MOST_WASTE * byteLength;
    if (isFitting && (best < 0 || size < idle[best]!.size)) best = index;
  }
  if (best >= 0) return idle.splice(best, 1)[0]!;
  const { memory } = analysisKernels();
  const place = { at: end, size: Math.ceil(Math.max(1, byteLength) / ALIGNMENT) * ALIGNMENT };
  end += place.size;
  const missing = end - memory.buffer.byteLength;
  // with room for what is asked for next, as views into the memory hold only until it grows
  if (missing > 0) memory.grow(Math.ceil((missing + START_BYTES) / PAGE_BYTES));
  return place;
}

/** What a window is given at least, so that it need not move when the next one is a little longer. */
const USUAL_BYTES = 1024 * 1024;

/** Memory that windows can be read into, so that kernels need no copy of them. */
export interface InputWindow {
  /** Room for so many bytes; what is in it holds until it is asked for again. */
  take(byteLength: number): Uint8Array;
  /** The room taken last. A view that was kept has no length any more once the module's memory has grown. */
  latest(): Uint8Array;
  /** @throws AppError `internal` where memory has grown since the latest view was handed over: whoever has used it may have seen none of it. */
  checkLatest(): void;
  /** Gives the memory back; nothing taken from it may be used any more. */
  release(): void;
}

export function borrowWindow(): InputWindow {
  const region = memoryRegion();
  let view = new Uint8Array(0);
  let length = 0;
  const look = () => {
    const at = region.reserve(Math.max(length, USUAL_BYTES));
    view = new Uint8Array(analysisKernels().memory.buffer, at, length);
    return view;
  };
  return {
    take: (byteLength) => {
      length = byteLength;
      return look();
    },
    latest: () => (view.byteLength === length ? view : look()),
    checkLatest: () => {
      if (view.byteLength !== length) throw movedMemory();
    },
    release: region.release,
  };
}

/** No figure that was worked out then is to be told. */
function movedMemory(): AppError {
  return new AppError('internal', 'the memory of a window of values grew while they were looked at', {
    hint: 'Ask again: the memory stays as large as it is now.',
  });
}

const copies = [memoryRegion(), memoryRegion()] as const;

/**
 * Puts values where kernels read them, for the one call that follows; what lies in the module's memory already stays.
 * @param side 1 for the partner of a pair.
 * @returns the address.
 * @throws AppError `internal` for a view into the module's memory of before it grew.
 */
export function placeInput(values: ArrayBufferView, side: 0 | 1 = 0): number {
  const { memory } = analysisKernels();
  if (values.buffer === memory.buffer) return values.byteOffset;
  const bytes = bytesOf(values);
  const at = copies[side].reserve(bytes.byteLength);
  new Uint8Array(memory.buffer, at, values.byteLength).set(bytes);
  return at;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  try {
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch {
    // nothing can be laid over a buffer that has been given away
    throw movedMemory();
  }
}
