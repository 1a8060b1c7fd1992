/** The compiled unpackers, made on first use. What is unpacked at the same time has an instance and a memory each, and large memories are not kept. */
import { base64 } from '#main/encodings/zstd/assembly/unpacking.ts?wasm';

/** Addresses and lengths are bytes of the module's memory. */
export interface UnpackingKernels {
  readonly memory: WebAssembly.Memory;
  /** Where the module's own data ends. */
  workspace(): number;
  /** See `assembly/huffman-streams.ts`. */
  huffmanStream(
    codes: number,
    longest: number,
    begin: number,
    end: number,
    out: number,
    outEnd: number,
  ): number;
  huffmanStreams(
    codes: number,
    longest: number,
    ...places: [
      first: number,
      second: number,
      third: number,
      fourth: number,
      end: number,
      out: number,
      outEnd: number,
      share: number,
    ]
  ): number;
  /** See `assembly/sequences.ts`. */
  takeSequences(
    count: number,
    begin: number,
    end: number,
    ...tables: [
      literalTable: number,
      literalLog: number,
      offsetTable: number,
      offsetLog: number,
      matchTable: number,
      matchLog: number,
      literalsEnd: number,
      start: number,
      limit: number,
      record: number,
    ]
  ): number;
}

/** An instance of the module that its user alone works with. */
export interface UnpackingSpace {
  readonly kernels: UnpackingKernels;
  /** Of the free part of its memory, the address. */
  readonly at: number;
  /** The memory; it does not move. */
  readonly bytes: Uint8Array;
  /** Lets others have it; nothing of its memory may be used any more. */
  release(): void;
}

const PAGE_BYTES = 65_536;
/** What is kept of memory for the next one, in bytes: ordinary chunks need no more, and a memory never shrinks. */
const KEPT_BYTES = 8 * 1024 * 1024;

let compiled: WebAssembly.Module | undefined;
let idle: UnpackingKernels | undefined;

/** @param byteLength of memory that is free, at least; what is in it is not told. */
export function unpackingSpace(byteLength: number): UnpackingSpace {
  compiled ??= new WebAssembly.Module(Buffer.from(base64, 'base64'));
  const kernels = idle ?? (new WebAssembly.Instance(compiled).exports as unknown as UnpackingKernels);
  idle = undefined;
  const { memory } = kernels;
  const at = kernels.workspace();
  const missing = at + byteLength - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return {
    kernels,
    at,
    bytes: new Uint8Array(memory.buffer),
    release: () => {
      if (memory.buffer.byteLength <= KEPT_BYTES) idle = kernels;
    },
  };
}
