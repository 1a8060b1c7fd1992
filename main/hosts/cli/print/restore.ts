import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { escapeName, formatCount, formatFigure } from '#shared/display.ts';

export const restorePrinter: Printer<'restore.reproduce'> = {
  text: (result, { style }) => {
    const isYes = result.verdict === 'reproduced';
    const sentence = isYes
      ? style.good(
          `Reproduced: ${formatCount(result.cells)} of ${formatCount(result.cells)} output cells within the tolerance.`,
        )
      : style.bad(
          `Not reproduced: the outputs differ by up to ${formatFigure(result.maxAbs)} at [${result.at.join(', ')}].`,
        );
    const used = result.used.map(
      ({ layer, tensor, transposed }) =>
        `  layer ${layer}  ${escapeName(tensor)}${transposed ? '  (transposed)' : ''}\n`,
    );
    return `${sentence}\nmax |d| ${formatFigure(result.maxAbs)} · ${formatCount(result.maxUlp)} ULP\n${used.join('')}`;
  },
  exitCode: ({ verdict }) => (verdict === 'reproduced' ? 0 : 1),
};
