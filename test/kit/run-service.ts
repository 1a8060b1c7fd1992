import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFiles, type Files } from '#main/services/files.ts';
import { startInline } from '#main/services/runs/run-threads.ts';
import { createRuns, type Runs } from '#main/services/runs/runs.ts';
import { createSettings } from '#main/services/settings.ts';
import type { SavingPlace } from '#main/trainer/saver.ts';
import { parseRunConfig, type RunConfigInput } from '#shared/commands/run-config.ts';
import type { RunConfig, RunEvent, RunSnapshot } from '#shared/run.ts';

/** A service of runs, with its trainers in this thread unless told otherwise, and a folder that goes when the test does. */
export interface RunBench {
  readonly folder: string;
  readonly files: Files;
  readonly runs: Runs;
  /** Trains in a folder of this name to the end; gives back every event. */
  train(name: string, request: TrainInput): Promise<{ events: RunEvent[]; snapshot: RunSnapshot }>;
  close(): Promise<void>;
}

export interface TrainInput {
  readonly config?: RunConfigInput;
  readonly steps?: number;
  readonly isResumed?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface RunBenchOptions {
  /** Where bundled threads lie, for trainers in threads of their own. */
  readonly threadFolder?: string;
  /** The clock of trainers in this thread, in milliseconds. */
  readonly now?: () => number;
}

export async function runBench({ threadFolder, now }: RunBenchOptions = {}): Promise<RunBench> {
  const folder = mkdtempSync(join(tmpdir(), 'paramscope-runs-'));
  const files = createFiles(await createSettings(undefined));
  const runs = createRuns({
    options: {
      dataFolder: join(folder, 'data'),
      resourceFolder: join(folder, 'resources'),
      ...(threadFolder === undefined ? {} : { threadFolder }),
    },
    files,
    ...(now ? { startTrainer: (place: SavingPlace) => startInline(place, undefined, now) } : {}),
  });
  return {
    folder,
    files,
    runs,
    train: async (name, { config, steps, isResumed, signal, onEvent }) => {
      const events: RunEvent[] = [];
      const snapshot = await runs.train(
        {
          folder: files.grant(join(folder, name)).file,
          ...(config ? { config: completeConfig(config) } : {}),
          ...(steps === undefined ? {} : { steps }),
          ...(isResumed === undefined ? {} : { isResumed }),
        },
        (event) => {
          events.push(event);
          onEvent?.(event);
        },
        signal ?? new AbortController().signal,
      );
      return { events, snapshot };
    },
    close: async () => {
      await runs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function completeConfig(config: RunConfigInput): RunConfig {
  return parseRunConfig(config, 'the test');
}
