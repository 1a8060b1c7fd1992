/** Lines that are put together at one go. */
const BLOCK_LINES = 1000;

/**
 * Rows in aligned columns, two spaces apart; columns named in `right` are flush right. No trailing spaces.
 * @param rows gone through twice: a hundred thousand may be made as they are asked for.
 */
export function table(rows: Iterable<readonly string[]>, right: ReadonlySet<number> = new Set()): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  let text = '';
  let block: string[] = [];
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      right.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    block.push(`${cells.join('  ').trimEnd()}\n`);
    if (block.length < BLOCK_LINES) continue;
    text += block.join('');
    block = [];
  }
  return text + block.join('');
}
