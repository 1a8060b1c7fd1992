/** Takes the checksum of `bytes`, appended to what `seed` is the checksum of; an unsigned 32-bit number. */
export type Crc = (bytes: Uint8Array, seed?: number) => number;

/**
 * A 32-bit CRC with reflected bits, all ones at start and end, eight bytes a step.
 * @param polynomial with reflected bits.
 */
export function reflectedCrc(polynomial: number): Crc {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = makeTables(polynomial);
  return (bytes, seed = 0) => {
    let crc = ~seed;
    let index = 0;
    const whole = bytes.length - (bytes.length % 8);
    for (; index < whole; index += 8) {
      const low =
        crc ^
        (bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24));
      crc =
        t7[low & 0xff]! ^
        t6[(low >>> 8) & 0xff]! ^
        t5[(low >>> 16) & 0xff]! ^
        t4[low >>> 24]! ^
        t3[bytes[index + 4]!]! ^
        t2[bytes[index + 5]!]! ^
        t1[bytes[index + 6]!]! ^
        t0[bytes[index + 7]!]!;
    }
    for (; index < bytes.length; index++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[index]!) & 0xff]!;
    return ~crc >>> 0;
  };
}

type Tables = readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** Table k advances a byte by k further zero bytes. */
function makeTables(polynomial: number): Tables {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[0]![byte] = crc;
  }
  for (let step = 1; step < 8; step++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[step - 1]![byte]!;
      tables[step]![byte] = (before >>> 8) ^ tables[0]![before & 0xff]!;
    }
  }
  return tables as unknown as Tables;
}
