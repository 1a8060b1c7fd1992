import type { Verdict } from '#renderer/ui/verdict.ts';
import { formatCount, formatFigure } from '#shared/display.ts';
import type { Reproduction } from '#shared/reproduction.ts';

/** Whether the rebuilt network gives the recorded output, in words. */
export function reproductionVerdict(result: Reproduction, tolerance: readonly [number, number]): Verdict {
  const { verdict, maxAbs, maxUlp, at, cells } = result;
  const isReproduced = verdict === 'reproduced';
  const bound = `${formatFigure(tolerance[0])} absolute, ${formatFigure(tolerance[1])} relative`;
  const isExact = maxAbs === 0 && Number(maxUlp) === 0;
  return {
    tone: isReproduced ? 'good' : 'bad',
    sentence: isReproduced
      ? `Reproduced: ${formatCount(cells)} of ${formatCount(cells)} cells ${isExact ? 'equal' : `within ${bound}`}.`
      : `Not reproduced: the outputs leave the tolerance of ${bound}.`,
    details: isExact
      ? []
      : [
          `Farthest off at [${at.join(', ')}]: |d| = ${Number.isFinite(maxAbs) ? formatFigure(maxAbs) : 'no number'}, ${formatFigure(maxUlp)} units in the last place.`,
        ],
  };
}
