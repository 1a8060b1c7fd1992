/** A digest at the speed of memory, to find equal contents among many: XXH64, which says "different" for certain and "equal" to be looked at. */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';

const STRIPE_BYTES = 32;
const LANES_BYTES = 32;

export interface FastDigest {
  /** Appends bytes, of any number. */
  add(bytes: Uint8Array): void;
  /** Of all bytes so far: sixteen hexadecimal digits, as `xxhsum` prints them. */
  value(): string;
  /** Gives its memory back; it is of no use afterwards. */
  release(): void;
}

export function fastDigest(): FastDigest {
  const kernels = analysisKernels();
  const region = memoryRegion();
  const lanes = region.reserve(LANES_BYTES + STRIPE_BYTES);
  const rest = lanes + LANES_BYTES;
  /** Bytes that wait for the rest of their stripe. */
  let waiting = 0;
  let total = 0;
  kernels.hashStart(lanes);

  const wait = (bytes: Uint8Array) => {
    new Uint8Array(kernels.memory.buffer, rest + waiting, bytes.byteLength).set(bytes);
    waiting += bytes.byteLength;
  };

  return {
    add: (bytes) => {
      total += bytes.byteLength;
      let at = 0;
      if (waiting > 0) {
        at = Math.min(STRIPE_BYTES - waiting, bytes.byteLength);
        wait(bytes.subarray(0, at));
        if (waiting < STRIPE_BYTES) return;
        kernels.hashStripes(rest, STRIPE_BYTES, lanes);
        waiting = 0;
      }
      const whole = bytes.byteLength - at - ((bytes.byteLength - at) % STRIPE_BYTES);
      if (whole > 0) kernels.hashStripes(placeInput(bytes.subarray(at, at + whole)), whole, lanes);
      wait(bytes.subarray(at + whole));
    },
    value: () =>
      BigInt.asUintN(64, kernels.hashFinish(lanes, rest, total))
        .toString(16)
        .padStart(16, '0'),
    release: region.release,
  };
}
