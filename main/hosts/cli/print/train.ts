import type { Printer, Style } from '#main/hosts/cli/print/printer.ts';
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
    case 'kept':
    case 'pinned':
      return undefined;
  }
}

function scores({ loss, accuracy }: { readonly loss: number; readonly accuracy?: number }): string {
  return `loss ${formatFigure(loss)}${accuracy === undefined ? '' : `, accuracy ${formatFigure(accuracy * 100)} %`}`;
}

export const trainPrinter: Printer<'run.train'> = {
  text: () => '',
  exitCode: ({ state }) => (state === 'failed' ? 1 : 0),
};
