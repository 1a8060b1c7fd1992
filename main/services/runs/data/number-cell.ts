/** Strict: no empty cell, no hexadecimal, no infinity, no decimal comma. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whether a cell of a table is a number as people write it. */
export function isNumber(cell: string): boolean {
  return NUMBER.test(cell);
}
