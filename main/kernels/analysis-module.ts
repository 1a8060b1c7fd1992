/** The compiled analysis kernels, made on first use: one instance and one memory of its own a thread. */
import { base64 } from '#main/kernels/assembly/analysis.ts?wasm';

/** Addresses and lengths are bytes of the module's memory. */
export interface AnalysisKernels {
  readonly memory: WebAssembly.Memory;
  /** Where the module's own data ends. */
  workspace(): number;
  /** Signed, as WebAssembly hands numbers over. */
  crc32(at: number, byteLength: number, seed: number): number;
  crc32c(at: number, byteLength: number, seed: number): number;
}

const PAGE_BYTES = 65_536;
/** A cache line and the widest vector. */
const ALIGNMENT = 64;

let instance: AnalysisKernels | undefined;
let end = 0;

export function analysisKernels(): AnalysisKernels {
  if (!instance) {
    const module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
    instance = new WebAssembly.Instance(module).exports as unknown as AnalysisKernels;
    end = instance.workspace();
  }
  return instance;
}

/** A part of the module's memory that its user alone writes to; it grows with what is asked of it. */
export interface Region {
  /** Its address; never 0. */
  reserve(byteLength: number): number;
}

export function memoryRegion(): Region {
  let at = 0;
  let size = 0;
  return {
    reserve: (byteLength) => {
      const { memory } = analysisKernels();
      if (at !== 0 && byteLength <= size) return at;
      at = end;
      size = Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
      end += size;
      const missing = end - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
      return at;
    },
  };
}

const inputs = [memoryRegion(), memoryRegion()] as const;

/**
 * Puts a window where kernels read it; bytes that lie there already stay.
 * @param side 0, or 1 for the partner of a pair.
 * @returns the address.
 */
export function placeInput(bytes: Uint8Array, side: 0 | 1 = 0): number {
  const { memory } = analysisKernels();
  if (bytes.buffer === memory.buffer) return bytes.byteOffset;
  const at = inputs[side].reserve(bytes.byteLength);
  new Uint8Array(memory.buffer, at, bytes.byteLength).set(bytes);
  return at;
}
