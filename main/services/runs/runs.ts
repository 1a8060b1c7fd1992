import { basename, join, resolve } from 'node:path';

import { folderAt } from '#main/bytes/folder.ts';
import { kindOfPath } from '#main/bytes/small-file.ts';
import type { Files } from '#main/services/files.ts';
import type { LiveRun } from '#main/services/runs/live-run.ts';
import { readRunData } from '#main/services/runs/data/run-data.ts';
import { readStartParameters } from '#main/services/runs/start-parameters.ts';
import {
  checkpointSteps,
  freeFolder,
  holdsRun,
  readHistory,
  readManifest,
} from '#main/services/runs/run-folder.ts';
import { createDrills, type DrillRequest } from '#main/services/runs/drills.ts';
import { deleteRun, pinCheckpoint, renameRun } from '#main/services/runs/run-keeping.ts';
import { runPlace, type RunPlace } from '#main/services/runs/run-place.ts';
import { beginRun, resumeRun, type RunStarting } from '#main/services/runs/run-start.ts';
import {
  describeRun,
  isTraining,
  snapshotOf,
  stateOf,
  type RunRecord,
} from '#main/services/runs/run-record.ts';
import { trainerStarter, type StartTrainer } from '#main/services/runs/run-threads.ts';
import { watchFromOutside, watchRun } from '#main/services/runs/run-watch.ts';
import type { StartProcess } from '#main/services/runs/training-process.ts';
import { trainToTheEnd, type TrainRequest } from '#main/services/runs/train-to-the-end.ts';
import { verifyRestore } from '#main/services/runs/verification.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { DrillReport, DrillSnapshot } from '#shared/drill.ts';
import type { FileId, PickedFile } from '#shared/bridge.ts';
import { isBuiltIn } from '#shared/built-in-data.ts';
import { chosenFiles } from '#shared/chosen-files.ts';
import { AppError } from '#shared/errors.ts';
import {
  RUN_ACTIONS,
  type RestoreReport,
  type RunAction,
  type RunConfig,
  type RunDescription,
  type RunEvent,
  type RunProof,
  type RunSnapshot,
  type RunWriter,
} from '#shared/run.ts';

export interface StartRequest {
  readonly config: RunConfig;
  /** A folder to train in; a new one in the app's own place where none is given. */
  readonly folder?: FileId | undefined;
  readonly name?: string | undefined;
  /** Total optimizer steps, instead of the configuration's epochs. */
  readonly steps?: number | undefined;
}

/** Run folders and the trainers that work on them. */
export interface Runs {
  /** @throws AppError `invalid-params` where the folder holds a run already or the layers do not fit the data. */
  start(request: StartRequest): Promise<RunDescription>;
  watch(run: string, onSnapshot: (snapshot: RunSnapshot) => void, signal: AbortSignal): Promise<RunSnapshot>;
  /** Resolves when it is done; what makes no sense in the run's state is `invalid-params`. */
  act(run: string, action: RunAction): Promise<RunSnapshot>;
  rename(run: string, name: string): Promise<RunDescription>;
  pin(run: string, step: number, isPinned: boolean): Promise<RunSnapshot>;
  /** @returns whether its folder is gone, too. */
  remove(run: string): Promise<boolean>;
  list(): Promise<readonly RunDescription[]>;
  checkpointFile(run: string, step: number): Promise<PickedFile>;
  verify(run: string, step: number, signal: AbortSignal): Promise<RestoreReport>;
  /** Verifies every checkpoint in a folder. */
  prove(folder: FileId, signal: AbortSignal): Promise<RunProof>;
  /** Trains in the foreground; on `cancelled` the run has been stopped and saved. */
  train(request: TrainRequest, onEvent: (event: RunEvent) => void, signal: AbortSignal): Promise<RunSnapshot>;
  /** Kills training in processes of its own and proves that it goes on to the bit. */
  drill(
    request: TrainRequest,
    onEvent: (event: RunEvent) => void,
    signal: AbortSignal,
  ): Promise<RunSnapshot & { readonly drill: DrillReport }>;
  /** As `drill`, out of the way of every run; nothing of it stays. */
  drillAside(
    request: DrillRequest,
    onSnapshot: (snapshot: DrillSnapshot) => void,
    signal: AbortSignal,
  ): Promise<DrillReport>;
  /** Stops and saves what still trains. */
  close(): Promise<void>;
}

export interface RunsOptions {
  readonly options: {
    readonly dataFolder?: string;
    readonly resourceFolder: string;
    readonly threadFolder?: string;
    readonly startProcess?: StartProcess;
  };
  readonly files: Pick<Files, 'grant' | 'pathOf' | 'isGranted'>;
  /** Instead of threads from `threadFolder`. */
  readonly startTrainer?: StartTrainer;
  /** Instead of folders on disk. */
  readonly placeOf?: (path: string) => RunPlace;
}

/** Milliseconds that a trainer gets to save and stop when the app closes. */
const FAREWELL = 10_000;

export function createRuns({ options, files, startTrainer, placeOf = runPlace }: RunsOptions): Runs {
  const records = new Map<string, RunRecord>();
  const { dataFolder, startProcess } = options;
  const home = dataFolder === undefined ? undefined : join(dataFolder, 'runs');
  const drills = createDrills({
    startProcess,
    home: dataFolder === undefined ? undefined : join(dataFolder, 'drills'),
    placeOf,
  });
  // what cannot be removed now is told when it is in the way of the next drill
  if (startProcess) drills.sweep().catch(() => undefined);
  const starting: RunStarting = {
    startTrainer: startTrainer ?? trainerStarter(options.threadFolder),
    readData: (config) => readRunData(config, options.resourceFolder, allow),
    readStart: (config) => readStartParameters(config, allow),
    idOf: (path) => files.grant(path).file,
    keep: (record) => void records.set(record.id, record),
  };

  /** A configuration may come from a page, which names no paths of its own. */
  function allow(source: string): string {
    const path = resolve(source);
    if (files.isGranted(path)) return path;
    throw new AppError('invalid-params', 'this file was not opened by you', {
      found: source,
      expected: 'a file chosen by you, or of data "random" or "mnist"',
      hint: 'open the file once, then try again',
    });
  }

  /** A page knows files by their ids alone; what stays in the run's folder is where they lie. */
  function pathFor(source: string): string {
    return files.isGranted(source) ? source : files.pathOf(source);
  }

  function withPaths(config: RunConfig): RunConfig {
    const { data, startFrom } = config;
    return {
      ...config,
      ...(startFrom === undefined ? {} : { startFrom: pathFor(startFrom) }),
      data: isBuiltIn(data.source) ? data : { ...data, source: pathFor(data.source) },
    };
  }

  function recordOf(run: string): RunRecord {
    const record = records.get(run);
    if (record) return record;
    throw new AppError('not-found', 'there is no such run', { hint: 'list the runs again' });
  }

  /** What is known of a folder, read anew unless it trains here. */
  async function look(place: RunPlace): Promise<RunRecord> {
    const id = files.grant(place.path).file;
    const known = records.get(id);
    if (known && isTraining(known)) return known;
    const manifest = await readManifest(place);
    // a run's own description names what was chosen when it was started
    for (const path of chosenFiles(manifest.config)) files.grant(path);
    const writer = await otherWriter(place);
    const record: RunRecord = {
      ...{ id, place, manifest, history: await readHistory(place) },
      ...(writer ? { writer } : {}),
    };
    records.set(id, record);
    return record;
  }

  /** A run that trains here is as its thread tells, any other one as it is on the disk now. */
  function lookAgain(run: string): Promise<RunRecord> {
    return look(recordOf(run).place);
  }

  async function act(run: string, action: RunAction): Promise<RunSnapshot> {
    const record = recordOf(run);
    const { live: starter } = record;
    // threads take a moment to start; whoever is quicker means the run that comes of it
    if (starter && action !== 'stop') await starter.until(() => starter.state() !== 'starting');
    const state = stateOf(record);
    if (!RUN_ACTIONS[state].includes(action)) {
      throw new AppError('invalid-params', `a run that is ${state} cannot ${action}`, {
        expected: RUN_ACTIONS[state].join(', ') || 'nothing',
        found: action,
      });
    }
    if (!isTraining(record)) {
      await resumeRun(starting, await look(record.place), {});
      return snapshotOf(recordOf(run), []);
    }
    const { live } = record;
    live.ask(action);
    if (action === 'pause') await live.until(() => live.state() === 'paused');
    else if (action === 'resume') await live.until(() => live.state() === 'running');
    else if (action === 'stop') await live.ended;
    else await live.until(savedSince(record));
    return snapshotOf(record, []);
  }

  return {
    start: async ({ config: asked, folder, name, steps }) => {
      const config = withPaths(asked);
      const title = name ?? `${config.layers.join('-')} ${basename(config.data.source)}`;
      const path = folder === undefined ? await freeFolder(requireHome(home), title) : files.pathOf(folder);
      return describeRun(await beginRun(starting, placeOf(path), { config, name: title, steps }));
    },
    watch: async (run, onSnapshot, signal) => {
      const record = recordOf(run);
      const isElsewhere = !isTraining(record) && (await otherWriter(record.place)) !== undefined;
      return isElsewhere
        ? watchFromOutside(() => lookAgain(run), onSnapshot, signal)
        : watchRun(record, onSnapshot, signal);
    },
    act,
    rename: async (run, name) => {
      const record = recordOf(run);
      const manifest = await renameRun(record, name);
      const renamed = { ...recordOf(run), manifest };
      records.set(run, renamed);
      return describeRun(renamed);
    },
    pin: async (run, step, isPinned) => {
      await pinCheckpoint(await lookAgain(run), step, isPinned);
      return snapshotOf(await lookAgain(run), []);
    },
    remove: async (run) => {
      const isFolderGone = await deleteRun(await lookAgain(run));
      records.delete(run);
      return isFolderGone;
    },
    list: async () => {
      const paths = new Set([...records.values()].map(({ place }) => place.path));
      for (const path of await runFolders(home)) paths.add(path);
      const found: RunRecord[] = [];
      for (const path of paths) {
        // a folder that was deleted or damaged meanwhile does not hide the others
        const record = await look(placeOf(path)).catch(() => undefined);
        if (record) found.push(record);
        else records.delete(files.grant(path).file);
      }
      return found.map(describeRun).sort((a, b) => ((a.startedAt ?? '') < (b.startedAt ?? '') ? 1 : -1));
    },
    checkpointFile: async (run, step) => {
      const { place } = recordOf(run);
      if (!(await checkpointSteps(place)).includes(step)) throw noCheckpoint(step);
      return files.grant(join(place.path, checkpointName(step)));
    },
    verify: async (run, step, signal) => {
      const record = recordOf(run);
      if (!(await checkpointSteps(record.place)).includes(step)) throw noCheckpoint(step);
      return verifyRestore(record, step, starting.readData, signal);
    },
    prove: async (folder, signal) => {
      const record = await look(placeOf(files.pathOf(folder)));
      const steps = [...(await checkpointSteps(record.place))].reverse();
      const reports: RestoreReport[] = [];
      for (const step of steps) reports.push(await verifyRestore(record, step, starting.readData, signal));
      const isProved = reports.length > 0 && reports.every(({ verdict }) => verdict === 'identical');
      const verdict = isProved ? 'identical' : 'different';
      return { verdict, run: record.id, name: record.manifest.name, reports };
    },
    train: (request, onEvent, signal) => {
      const place = placeOf(files.pathOf(request.folder));
      return trainToTheEnd(starting, { place, look }, request, onEvent, signal);
    },
    drill: async ({ config, folder, steps }, onEvent, signal) => {
      const place = placeOf(files.pathOf(folder));
      const report = await drills.inFolder(place, { config, steps }, onEvent, signal);
      const record = await look(placeOf(join(place.path, 'killed')));
      return { ...snapshotOf(record, []), drill: report };
    },
    drillAside: ({ config, ...request }, onSnapshot, signal) =>
      drills.aside({ ...request, ...(config ? { config: withPaths(config) } : {}) }, onSnapshot, signal),
    close: async () => {
      await drills.close();
      await Promise.all(
        [...records.values()].filter(isTraining).map(async ({ live }) => {
          live.ask('stop');
          const timer = setTimeout(() => live.terminate(), FAREWELL);
          await live.ended;
          clearTimeout(timer);
        }),
      );
    },
  };
}

/** Whether a save asked for now has come to something: a checkpoint of this step or a later one, or a failure. */
function savedSince({ live, history }: RunRecord & { readonly live: LiveRun }): () => boolean {
  const asked = live.step();
  const failures = () => history.problems().filter(({ code }) => code === 'save-failed').length;
  const failuresBefore = failures();
  return () =>
    failures() > failuresBefore ||
    history.checkpoints().some(({ step, status }) => step >= asked && status === 'kept');
}

/** A process besides this one that trains in a folder. */
async function otherWriter(place: RunPlace): Promise<RunWriter | undefined> {
  const writer = await place.writer();
  return writer?.pid === process.pid ? undefined : writer;
}

function requireHome(home: string | undefined): string {
  if (home !== undefined) return home;
  throw new AppError('invalid-params', 'there is no place to keep runs', {
    hint: 'name a folder for the run',
  });
}

async function runFolders(home: string | undefined): Promise<readonly string[]> {
  if (home === undefined || (await kindOfPath(home)) !== 'folder') return [];
  const entries = await folderAt(home).list();
  const paths = entries.filter(({ isFolder }) => isFolder).map(({ name }) => join(home, name));
  const isRun = await Promise.all(paths.map((path) => holdsRun(runPlace(path))));
  return paths.filter((_, index) => isRun[index]);
}

function noCheckpoint(step: number): AppError {
  const file = checkpointName(step);
  return new AppError('not-found', `the run has no checkpoint of step ${step}`, { file });
}
