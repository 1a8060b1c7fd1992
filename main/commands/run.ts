import type { Handler } from '#main/commands/handler.ts';
import { heldNetwork } from '#main/services/reproduction/held-network.ts';
import { reproduce } from '#main/services/reproduction/reproduction.ts';
import type { RunAction } from '#shared/run.ts';

export const startCommand: Handler<'run.start'> = ({ runs }, params) => runs.start(params);

export const watchCommand: Handler<'run.watch'> = ({ runs }, { run }, { signal, progress }) =>
  runs.watch(run, progress, signal);

type ActionCommand = 'run.pause' | 'run.resume' | 'run.stop' | 'run.save';

const act =
  (action: RunAction): Handler<ActionCommand> =>
  ({ runs }, { run }) =>
    runs.act(run, action);

export const pauseCommand = act('pause');
export const resumeCommand = act('resume');
export const stopCommand = act('stop');
export const saveNowCommand = act('save');

export const renameCommand: Handler<'run.rename'> = ({ runs }, { run, name }) => runs.rename(run, name);

export const pinCommand: Handler<'run.pin'> = ({ runs }, { run, step, isPinned }) =>
  runs.pin(run, step, isPinned);

export const deleteCommand: Handler<'run.delete'> = async ({ runs }, { run }) => ({
  isFolderGone: await runs.remove(run),
});

export const listCommand: Handler<'run.list'> = ({ runs }) => runs.list();

export const networkCommand: Handler<'run.network'> = async ({ checkpoints }, { file }) =>
  heldNetwork((await checkpoints.open(file)).summary);

export const checkpointFileCommand: Handler<'run.checkpoint-file'> = ({ runs }, { run, step }) =>
  runs.checkpointFile(run, step);

export const verifyCommand: Handler<'run.verify'> = ({ runs }, { run, step }, { signal }) =>
  runs.verify(run, step, signal);

export const proveCommand: Handler<'run.prove'> = ({ runs }, { folder }, { signal }) =>
  runs.prove(folder, signal);

export const trainCommand: Handler<'run.train'> = ({ runs }, params, { signal, progress }) =>
  params.isDrill ? runs.drill(params, progress, signal) : runs.train(params, progress, signal);

export const drillCommand: Handler<'run.drill'> = ({ runs }, params, { signal, progress }) =>
  runs.drillAside(params, progress, signal);

export const reproduceCommand: Handler<'restore.reproduce'> = ({ checkpoints }, params, { signal }) =>
  reproduce(checkpoints, params, signal);
