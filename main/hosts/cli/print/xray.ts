import { problemLines } from '#main/hosts/cli/print/checkpoint-lines.ts';
import type { Printer, Style } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import { escapeName, formatCount } from '#shared/display.ts';
import { IMPORT_VERDICTS, type ImportVerdict, type Xray, type XrayImport } from '#shared/xray.ts';

/** Rows beyond this are for `--json`. */
const MOST_ROWS = 1000;
const TEXT_LENGTH = 2000;

export const xrayPrinter: Printer<'checkpoint.xray'> = {
  text: (xray, { style }) =>
    [
      `${sentence(xray, style)}\n`,
      importLines(xray, style),
      callLines(xray, style),
      partLines(xray, style),
      problemLines(xray.problems, style),
      weightsOnlyLine(xray, style),
    ].join(''),
};

const WORDS: Readonly<Record<ImportVerdict, string>> = {
  dangerous: 'dangerous',
  unknown: 'unknown',
  framework: 'known framework',
  data: 'plain data',
};

function mark(verdict: ImportVerdict, text: string, style: Style): string {
  if (verdict === 'dangerous') return style.bad(text);
  return verdict === 'unknown' ? style.caution(text) : text;
}

/** What was found and whether all was read; never that a file is safe. */
function sentence({ imports, parts, complete }: Xray, style: Style): string {
  const names = (verdict: ImportVerdict) =>
    new Set(imports.filter((one) => one.verdict === verdict).map(({ module, name }) => `${module} ${name}`))
      .size;
  const found = IMPORT_VERDICTS.flatMap((verdict) => {
    const count = names(verdict);
    return count > 0 ? [mark(verdict, `${formatCount(count)} ${WORDS[verdict]}`, style)] : [];
  });
  const listed = found.length > 0 ? `Imports by name: ${found.join(', ')}.` : 'No imports found.';
  const code = parts.length > 0 ? style.caution(` Code or templates: ${formatCount(parts.length)}.`) : '';
  const whole = complete ? '' : style.bad(' Incomplete: not everything could be read, there may be more.');
  return `${listed}${code}${whole}`;
}

/** One line a name, the most worrying first, with its first place. */
function importLines({ imports }: Xray, style: Style): string {
  const rows = new Map<string, { readonly first: XrayImport; count: number }>();
  for (const one of imports) {
    const key = JSON.stringify([one.stream, one.module, one.name]);
    const row = rows.get(key);
    if (row) row.count++;
    else rows.set(key, { first: one, count: 1 });
  }
  if (rows.size === 0) return '';
  const sorted = IMPORT_VERDICTS.flatMap((verdict) =>
    [...rows.values()].filter(({ first }) => first.verdict === verdict),
  );
  const cells = sorted
    .slice(0, MOST_ROWS)
    .map(({ first, count }) => [
      WORDS[first.verdict],
      escapeName(`${first.module} ${first.name}`),
      formatCount(first.offset),
      count > 1 ? `${formatCount(count)} times` : 'once',
      escapeName(first.stream),
      first.reason ?? '',
    ]);
  const lines = table([['VERDICT', 'IMPORT', 'AT BYTE', '', 'STREAM', ''], ...cells], new Set([2])).split(
    '\n',
  );
  const coloured = lines.map((line, index) => {
    const row = sorted[index - 1];
    return row && line !== '' ? mark(row.first.verdict, line, style) : line;
  });
  return `\n${coloured.join('\n')}${more(sorted.length)}`;
}

function callLines({ calls }: Xray, style: Style): string {
  const worrying = calls.filter(({ verdict }) => verdict === 'dangerous' || verdict === 'unknown');
  if (worrying.length === 0) return '';
  const lines = worrying
    .slice(0, MOST_ROWS)
    .map(
      ({ expression, verdict, offset, stream }) =>
        `  ${mark(verdict, escapeName(expression), style)}  ${style.faint(`${escapeName(stream)}, byte ${formatCount(offset)}`)}\n`,
    );
  return `\nLoading it would call\n${lines.join('')}${more(worrying.length)}`;
}

function partLines({ parts }: Xray, style: Style): string {
  if (parts.length === 0) return '';
  const lines = parts.slice(0, MOST_ROWS).map(({ kind, name, stream, text }) => {
    const body = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text;
    const shown = body.split('\n').map((line) => `    ${escapeName(line)}\n`);
    return `  ${style.caution(kind)}  ${escapeName(name)}  ${style.faint(escapeName(stream))}\n${shown.join('')}`;
  });
  return `\nCode and templates in it\n${lines.join('')}${more(parts.length)}`;
}

function more(count: number): string {
  return count > MOST_ROWS ? `  and ${formatCount(count - MOST_ROWS)} more; --json has them all\n` : '';
}

function weightsOnlyLine({ weightsOnly }: Xray, style: Style): string {
  const { accepted, reason } = weightsOnly;
  return accepted
    ? '\ntorch.load(weights_only=True) would take it.\n'
    : `\ntorch.load(weights_only=True) ${style.caution('would refuse it')}: ${escapeName(reason ?? '')}.\n`;
}
