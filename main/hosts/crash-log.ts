/** Faults of ours, one JSON object a line, kept beside the settings. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface LogEntry {
  /** What the person was shown, where something was. */
  readonly id?: string;
  readonly stack: string;
}

/** Beyond this the log becomes `log.old.jsonl`: two files of it are the most there is. */
const MOST_BYTES = 1024 * 1024;

/** @param folder made when there is something to write. Nothing is thrown: a log must not be a second fault. */
export function crashLog(folder: string): (entry: LogEntry) => void {
  const path = join(folder, 'log.jsonl');
  return ({ id, stack }) => {
    const line = `${JSON.stringify({ time: new Date().toISOString(), ...(id === undefined ? {} : { id }), stack })}\n`;
    try {
      mkdirSync(folder, { recursive: true });
      if (byteLengthOf(path) > MOST_BYTES) renameSync(path, join(folder, 'log.old.jsonl'));
      appendFileSync(path, line);
    } catch {
      process.stderr.write(line);
    }
  };
}

function byteLengthOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
