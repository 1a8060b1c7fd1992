import type { Printer, Style } from '#main/hosts/cli/print/printer.ts';
import type { DrillReport } from '#shared/drill.ts';
import { formatBytes, formatCount, formatFigure } from '#shared/display.ts';
import type { RunEvent } from '#shared/run.ts';

/** Steps that end no epoch are told on a terminal's progress line only. */
export function trainLine(event: RunEvent, style: Style): string | undefined {
  switch (event.event) {
    case 'step':
      if (!event.validation) return undefined;
      return `step ${formatCount(event.step)}  loss ${formatFigure(event.loss)}  unseen data: ${scores(event.validation)}\n`;
    case 'checkpoint':
      return `step ${formatCount(event.step)}  saved ${event.file}  ${formatBytes(event.byteLength)}  sha256 ${event.sha256.slice(0, 12)}\n`;
    case 'dropped':
      return style.faint(`step ${formatCount(event.step)}  dropped ${event.file}: ${event.reason}\n`);
    case 'resumed':
      return `resumed ${event.file === undefined ? 'from the beginning' : `at step ${formatCount(event.step)} from ${event.file}`}\n`;
    case 'problem':
      return `${style.caution('problem')}  step ${formatCount(event.step)}: ${event.message}\n`;
    case 'done':
      return `${event.state} at step ${formatCount(event.step)}${event.validation ? `  unseen data: ${scores(event.validation)}` : ''}\n`;
    case 'killed':
      return `killed after step ${formatCount(event.step)}${event.isInSave ? ', in the middle of a save' : ''}\n`;
    case 'drill':
    case 'kept':
    case 'pinned':
      return undefined;
  }
}

function scores({ loss, accuracy }: { readonly loss: number; readonly accuracy?: number }): string {
  return `loss ${formatFigure(loss)}${accuracy === undefined ? '' : `, accuracy ${formatFigure(accuracy * 100)} %`}`;
}

export const trainPrinter: Printer<'run.train'> = {
  text: ({ drill }, { style }) => (drill ? drillText(drill, style) : ''),
  exitCode: ({ state, drill }) => (state === 'failed' || drill?.verdict === 'different' ? 1 : 0),
};

function drillText({ verdict, kills, compared, files, firstDifferent }: DrillReport, style: Style): string {
  const inSave = kills.filter(({ isInSave }) => isInSave).length;
  const equal = files.filter(({ isEqual }) => isEqual).length;
  const where =
    firstDifferent === undefined ? '' : `  first difference at step ${formatCount(firstDifferent)}`;
  return [
    `killed ${formatCount(kills.length)} times, ${formatCount(inSave)} of them in the middle of a save`,
    `compared with the uninterrupted run: ${formatCount(compared)} losses, ${formatCount(equal)} of ${formatCount(files.length)} checkpoints equal byte for byte`,
    verdict === 'identical' ? 'identical to the last bit' : style.caution(`different${where}`),
    '',
  ].join('\n');
}
