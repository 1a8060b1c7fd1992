import type { FromProcess, ProcessEnd, StartProcess, ToProcess } from '#main/hosts/training/messages.ts';
import { AppError, toWire } from '#shared/errors.ts';

/** A process as whatever made it shows it. */
export interface Child {
  /** What is sent before it listens waits for it. */
  send(message: ToProcess): void;
  /** SIGKILL, or what is like it. */
  kill(): void;
  /** @param onGone told once, after the last message: the exit code, null where there is none. */
  listen(onMessage: (message: FromProcess) => void, onGone: (code: number | null) => void): void;
}

/** @param open starts the bundled `training.ts` in a process of its own. */
export function processStarter(open: () => Child, resourceFolder: string): StartProcess {
  return (request, onEvent) => {
    const child = open();
    let isKilled = false;
    let last: ProcessEnd | undefined;
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.listen(
        (message) => {
          if (message.kind === 'events') message.events.forEach(onEvent);
          else {
            last = message.end;
            // it has nothing more to do, and may hold lines open
            child.kill();
          }
        },
        (code) => resolve(last ?? (isKilled ? { how: 'killed' } : crashed(code))),
      );
    });
    child.send({ request, resourceFolder });
    return {
      kill: () => {
        isKilled = true;
        child.kill();
      },
      ended,
    };
  };
}

function crashed(code: number | null): ProcessEnd {
  const error = new AppError('internal', 'a training process ended in the middle of its work', {
    found: code === null ? 'a signal' : `exit ${code}`,
  });
  return { how: 'failed', error: toWire(error) };
}
