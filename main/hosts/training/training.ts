/** A process that trains one run and tells of it: what crash drills kill. The entry of a bundle of its own. */
import { createEngine } from '#main/engine.ts';
import type { FromProcess, ProcessEnd, ToProcess } from '#main/hosts/training/messages.ts';
import { chosenFiles } from '#shared/chosen-files.ts';
import { AppError, isAppError, toWire } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';

/** The line to whoever started the process: Electron's, or Node's. */
interface Parent {
  send(message: FromProcess, onSent?: () => void): void;
  listen(onMessage: (message: ToProcess) => void): void;
}

interface ElectronPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
}

function parent(): Parent {
  const { parentPort } = process as { readonly parentPort?: ElectronPort };
  if (parentPort) {
    return {
      send: (message) => parentPort.postMessage(message),
      listen: (onMessage) => parentPort.on('message', ({ data }) => onMessage(data as ToProcess)),
    };
  }
  // nobody is there any more who would want the run
  process.once('disconnect', () => process.exit(1));
  return {
    send: (message) => process.send?.(message),
    listen: (onMessage) => process.once('message', (message) => onMessage(message as ToProcess)),
  };
}

async function train({ request, resourceFolder }: ToProcess, tell: (event: RunEvent) => void): Promise<void> {
  const engine = await createEngine({ resourceFolder, threadFolder: __dirname });
  const { config, folder, steps } = request;
  // whoever asks has looked whether the person chose these
  for (const path of chosenFiles(config)) engine.grant(path);
  const params = { config, folder: engine.grant(folder).file, steps, isResumed: true };
  await engine.answer('run.train', params, {
    signal: new AbortController().signal,
    progress: (event) => tell(event as RunEvent),
  });
  await engine.close();
}

const host = parent();
let untold: RunEvent[] = [];

/** Events of one turn make one message. */
function tell(event: RunEvent): void {
  if (untold.length === 0) queueMicrotask(flush);
  untold.push(event);
}

function flush(): void {
  if (untold.length > 0) host.send({ kind: 'events', events: untold });
  untold = [];
}

host.listen((message) => {
  void train(message, tell)
    .then((): ProcessEnd => ({ how: 'finished' }))
    .catch((error: unknown): ProcessEnd => {
      const known = isAppError(error)
        ? error
        : new AppError('internal', 'a training process failed', { found: String(error) }, error);
      return { how: 'failed', error: toWire(known) };
    })
    .then((end) => {
      flush();
      host.send({ kind: 'ended', end });
    });
});
