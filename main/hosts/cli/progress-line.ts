import type { Terminal } from '#main/hosts/cli/command-line.ts';
import { formatBytes } from '#shared/display.ts';
import type { Progress } from '#shared/commands/command.ts';

export interface ProgressLine {
  show(update: unknown): void;
  say(text: string): void;
  clear(): void;
}

/** Between two drawings, in milliseconds: faster is not read. */
const INTERVAL = 100;

/** One rewritten line on standard error, on a terminal only. */
export function progressLine(terminal: Terminal, isQuiet: boolean): ProgressLine {
  const isShown = terminal.isErrorTerminal && !isQuiet;
  let isDrawn = false;
  let last = 0;
  const say = (text: string) => {
    const now = Date.now();
    if (!isShown || now - last < INTERVAL) return;
    last = now;
    isDrawn = true;
    terminal.error(`\r\u001b[K${text}`);
  };
  return {
    say,
    show: (update) => {
      const { done, total, unit } = update as Progress;
      const share = total > 0 ? Math.floor((100 * done) / total) : 100;
      const amount =
        unit === 'bytes' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total} ${unit}`;
      say(`${share} %  ${amount}`);
    },
    clear: () => {
      if (isDrawn) terminal.error('\r\u001b[K');
      isDrawn = false;
    },
  };
}
