import { describe, expect, it } from 'vitest';

import { codeTable } from '#main/kernels/half.ts';

describe('small floats', () => {
  // values of the OCP 8-bit and MX specifications and of IEEE 754's tables
  const rows: [dtype: string, code: number, value: number][] = [
    ['f16', 0x3c00, 1],
    ['f16', 0x7bff, 65_504],
    ['f16', 0x0001, 2 ** -24],
    ['f16', 0x8000, -0],
    ['f16', 0xfc00, -Infinity],
    ['f16', 0x7e00, NaN],
    ['f8_e4m3', 0x7e, 448],
    ['f8_e4m3', 0x7f, NaN],
    ['f8_e4m3', 0x01, 2 ** -9],
    ['f8_e5m2', 0x7b, 57_344],
    ['f8_e5m2', 0x7c, Infinity],
    ['f8_e4m3fnuz', 0x7f, 240],
    ['f8_e4m3fnuz', 0x80, NaN],
    ['f8_e5m2fnuz', 0x7f, 57_344],
    ['f8_e8m0', 127, 1],
    ['f8_e8m0', 255, NaN],
    ['f4_e2m1', 0x7, 6],
    ['f4_e2m1', 0x9, -0.5],
    ['f6_e3m2', 0x1f, 28],
    ['f6_e2m3', 0x1f, 7.5],
  ];
  for (const [dtype, code, value] of rows) {
    it(`${dtype} 0x${code.toString(16)} is ${value}`, () => expect(codeTable(dtype)![code]).toBe(value));
  }
});
