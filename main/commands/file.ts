import type { Handler } from '#main/commands/handler.ts';
import { listFormats } from '#main/services/format-list.ts';
import { sampleCheckpoint } from '#main/services/sample-checkpoint.ts';

export const recentCommand: Handler<'file.recent'> = ({ files }) => files.recent();

export const forgetCommand: Handler<'file.forget'> = ({ files }, { file }) => files.forget(file);

export const rootsCommand: Handler<'file.roots'> = ({ files }) => files.roots();

export const listCommand: Handler<'file.list'> = ({ files }, { folder }) => files.list(folder);

export const sampleCommand: Handler<'file.sample'> = ({ files, options }) =>
  sampleCheckpoint(files, options.resourceFolder);

export const formatsCommand: Handler<'format.list'> = () => listFormats();

export const watchAppCommand: Handler<'app.watch'> = ({ events }, _params, { signal, progress }) =>
  new Promise((resolve) => {
    const end = events.listen(progress);
    signal.addEventListener('abort', () => {
      end();
      resolve();
    });
  });
