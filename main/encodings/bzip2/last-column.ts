// What a block of bzip2 stores of its bytes: the last column of their sorted rotations, moved to the front, as runs and Huffman codes.
import { readCodeTable, type TakeSymbol } from '#main/encodings/bzip2/code-table.ts';
import { damaged } from '#main/encodings/bzip2/damaged.ts';
import type { ForwardBits } from '#main/encodings/bzip2/forward-bits.ts';

/** Symbols that follow one another in one table. */
const GROUP_SYMBOLS = 50;
const LEAST_TABLES = 2;
const MOST_TABLES = 6;
/** Symbols that are digits of a run's length, the second one being worth twice the first. */
const RUN_SYMBOLS = 2;

/**
 * @param most bytes of the column.
 * @throws AppError `corrupt`.
 */
export function readLastColumn(bits: ForwardBits, most: number): Uint8Array {
  const recent = readBytesInUse(bits);
  const takeSymbol = readTables(bits, recent.length + RUN_SYMBOLS);
  const end = recent.length + 1;
  const column = new Uint8Array(most);
  let count = 0;
  let run = 0;
  let digit = 1;
  for (;;) {
    const symbol = takeSymbol();
    if (symbol < RUN_SYMBOLS) {
      run += digit << symbol;
      digit *= 2;
      if (run > most) throw damaged(`more than ${most} bytes in a block`);
      continue;
    }
    if (count + run > most) throw damaged(`more than ${most} bytes in a block`);
    if (run > 0) column.fill(recent[0]!, count, count + run);
    count += run;
    run = 0;
    digit = 1;
    if (symbol === end) break;
    if (count === most) throw damaged(`more than ${most} bytes in a block`);
    const byte = moveToFront(recent, symbol - 1);
    column[count++] = byte;
  }
  if (bits.isBeyondEnd()) throw damaged('data that end too soon');
  return column.subarray(0, count);
}

/** Which bytes there are: sixteen bits for sixteen groups, and sixteen for each group that has one. */
function readBytesInUse(bits: ForwardBits): Uint8Array {
  const groups = bits.take(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group++) {
    const members = (groups >>> (15 - group)) & 1 ? bits.take(16) : 0;
    for (let member = 0; member < 16; member++)
      if ((members >>> (15 - member)) & 1) used.push(16 * group + member);
  }
  if (used.length === 0) throw damaged('a block of no bytes');
  return Uint8Array.from(used);
}

/** Reads which group of symbols is in which table, and the tables. */
function readTables(bits: ForwardBits, symbolCount: number): TakeSymbol {
  const tableCount = bits.take(3);
  if (tableCount < LEAST_TABLES || tableCount > MOST_TABLES) throw damaged(`${tableCount} tables of codes`);
  const groupCount = bits.take(15);
  const recent = Uint8Array.from({ length: tableCount }, (_, table) => table);
  const tableOfGroup = Uint8Array.from({ length: groupCount }, () => {
    let place = 0;
    while (bits.take(1) === 1)
      if (++place >= tableCount) throw damaged('a group of symbols in a table that is not there');
    return moveToFront(recent, place);
  });
  const tables = Array.from({ length: tableCount }, () => readCodeTable(bits, symbolCount));
  let group = 0;
  let left = 0;
  let table: TakeSymbol = tables[0]!;
  return () => {
    if (left === 0) {
      if (group === groupCount) throw damaged('more symbols than groups of them');
      table = tables[tableOfGroup[group++]!]!;
      left = GROUP_SYMBOLS;
    }
    left--;
    return table();
  };
}

function moveToFront(list: Uint8Array, place: number): number {
  const value = list[place]!;
  list.copyWithin(1, 0, place);
  list[0] = value;
  return value;
}
