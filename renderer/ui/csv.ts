/** Rows as comma-separated values (RFC 4180), with a line of titles. */
export function toCsv(
  titles: readonly string[],
  rows: Iterable<readonly (string | number | bigint)[]>,
): string {
  const lines = [titles.map(field).join(',')];
  for (const row of rows) lines.push(row.map(field).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function field(value: string | number | bigint): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
