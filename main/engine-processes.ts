/** Processes that train, across the wall of the engine's thread: the thread asks, the host starts and kills. */
import type { ProcessEnd, StartProcess, TrainingProcess } from '#main/services/runs/training-process.ts';
import { AppError, toWire } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';

type ProcessRequest = Parameters<StartProcess>[0];

/** What the thread sends. */
export type FromProcessUser =
  | { readonly kind: 'start-process'; readonly id: number; readonly request: ProcessRequest }
  | { readonly kind: 'kill-process'; readonly id: number };

/** What comes back. */
export type ToProcessUser =
  | { readonly kind: 'process-event'; readonly id: number; readonly event: RunEvent }
  | { readonly kind: 'process-ended'; readonly id: number; readonly end: ProcessEnd };

export interface ProcessUser {
  readonly startProcess: StartProcess;
  /** Takes a message of the host; one of another kind is none of its business. */
  take(message: { readonly kind: string }): void;
}

interface Asked {
  readonly onEvent: (event: RunEvent) => void;
  readonly onEnd: (end: ProcessEnd) => void;
}

/** The thread's side. */
export function processUser(send: (message: FromProcessUser) => void): ProcessUser {
  const asked = new Map<number, Asked>();
  let nextId = 1;
  return {
    startProcess: (request, onEvent) => {
      const id = nextId++;
      const ended = new Promise<ProcessEnd>((onEnd) => asked.set(id, { onEvent, onEnd }));
      send({ kind: 'start-process', id, request });
      return { kill: () => send({ kind: 'kill-process', id }), ended };
    },
    take: (message) => {
      if (!isToUser(message)) return;
      const process = asked.get(message.id);
      if (message.kind === 'process-event') process?.onEvent(message.event);
      else {
        asked.delete(message.id);
        process?.onEnd(message.end);
      }
    },
  };
}

export interface ProcessHost {
  /** As `ProcessUser.take`. */
  take(message: { readonly kind: string }): void;
  /** For when the thread is gone: nobody waits for them any more. */
  killAll(): void;
}

/** The host's side. @param start absent where this host starts no processes. */
export function processHost(
  start: StartProcess | undefined,
  send: (message: ToProcessUser) => void,
): ProcessHost {
  const running = new Map<number, TrainingProcess>();

  function end(id: number, end: ProcessEnd): void {
    running.delete(id);
    send({ kind: 'process-ended', id, end });
  }

  return {
    take: (message) => {
      if (!isFromUser(message)) return;
      const { id } = message;
      if (message.kind === 'kill-process') return running.get(id)?.kill();
      if (!start) {
        const error = new AppError('unsupported', 'this host starts no processes to kill');
        return end(id, { how: 'failed', error: toWire(error) });
      }
      const process = start(message.request, (event) => send({ kind: 'process-event', id, event }));
      running.set(id, process);
      void process.ended.then((how) => end(id, how));
    },
    killAll: () => {
      for (const process of running.values()) process.kill();
    },
  };
}

function isFromUser(message: { readonly kind: string }): message is FromProcessUser {
  return message.kind === 'start-process' || message.kind === 'kill-process';
}

function isToUser(message: { readonly kind: string }): message is ToProcessUser {
  return message.kind === 'process-event' || message.kind === 'process-ended';
}
