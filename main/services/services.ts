import { createCheckpoints, type Checkpoints } from '#main/services/checkpoints.ts';
import { createCompute, type Compute } from '#main/services/compute.ts';
import { createEvents, type Events } from '#main/services/events.ts';
import { createFiles, type Files } from '#main/services/files.ts';
import { createRuns, type Runs } from '#main/services/runs/runs.ts';
import type { StartProcess } from '#main/services/runs/training-process.ts';
import { createSettings, type SettingsStore } from '#main/services/settings.ts';

export interface ServicesOptions {
  /** Where settings and the app's own runs live; made when first needed. Absent: nothing is kept. */
  readonly dataFolder?: string;
  /** Where the app's resources lie: the sample checkpoint, the built-in data. */
  readonly resourceFolder: string;
  /** Where the bundled threads lie (`compute.cjs`, `trainer.cjs`, `saver.cjs`). Absent: everything runs in this thread. */
  readonly threadFolder?: string;
  /** Starts a process that trains, for crash drills. Absent: this host has none. */
  readonly startProcess?: StartProcess;
}

/** The only long-lived state there is. */
export interface Services {
  readonly options: ServicesOptions;
  readonly files: Files;
  readonly checkpoints: Checkpoints;
  readonly compute: Compute;
  readonly runs: Runs;
  readonly settings: SettingsStore;
  readonly events: Events;
  close(): Promise<void>;
}

export async function createServices(options: ServicesOptions): Promise<Services> {
  const settings = await createSettings(options.dataFolder);
  const files = createFiles(settings);
  const compute = createCompute(options.threadFolder);
  const checkpoints = createCheckpoints(files);
  const runs = createRuns({ options, files });
  const events = createEvents();
  return {
    options,
    files,
    checkpoints,
    compute,
    runs,
    settings,
    events,
    close: async () => {
      await runs.close();
      await checkpoints.close();
      await compute.close();
      await settings.flush();
    },
  };
}
