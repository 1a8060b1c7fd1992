import { problemLines } from '#main/hosts/cli/print/checkpoint-lines.ts';
import type { Printer, Style } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import type { DuplicateFindings } from '#shared/commands/checkpoint.ts';
import { escapeName, formatBytes, formatCount, formatShape } from '#shared/display.ts';
import { duplicateCost, duplicateCount } from '#shared/duplicates.ts';

export const duplicatesPrinter: Printer<'checkpoint.find-duplicates'> = {
  text: (findings, { style }) => {
    const rows = findings.groups.map(({ names, dtype, shape, sparedBytes, isConstant }) => [
      formatCount(names.length),
      dtype,
      formatShape(shape),
      formatBytes(sparedBytes),
      isConstant ? 'constant' : '',
      names.map(escapeName).join(', '),
    ]);
    const head = ['EQUAL', 'DTYPE', 'SHAPE', 'TO SPARE', '', 'TENSORS'];
    const listing = rows.length > 0 ? `\n${table([head, ...rows], new Set([0, 3]))}` : '';
    return `${sentence(findings, style)}\n${listing}${problemLines(findings.problems, style)}`;
  },
};

function sentence(findings: DuplicateFindings, style: Style): string {
  if (findings.groups.length === 0) return style.good('No two tensors are equal.');
  const [equal, all] = [duplicateCount(findings), findings.searched.tensors].map((count) =>
    formatCount(count),
  );
  return style.caution(`${equal} of ${all} tensors are equal to another${duplicateCost(findings)}.`);
}
