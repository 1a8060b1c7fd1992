/** What a host alone may ask of the engine when that is a thread: never reachable from a page. */
import type { FromProcessUser, ToProcessUser } from '#main/engine-processes.ts';
import type { Engine } from '#main/engine.ts';
import type { PickedFile } from '#shared/bridge.ts';
import type { AppEvent } from '#shared/commands/file.ts';
import { AppError } from '#shared/errors.ts';
import type { Answer, Port } from '#shared/rpc.ts';

/** The engine as a host sees it through the thread's wall. */
export interface HostCalls {
  grant(path: string): Promise<PickedFile>;
  addRoot(path: string): Promise<PickedFile>;
  nameOf(file: string): Promise<string>;
  announce(event: AppEvent): Promise<void>;
  close(): Promise<void>;
}

/** Where the engine thread finds things; what `createEngine` takes, as far as it can be sent to a thread. */
export interface EngineThreadData {
  readonly dataFolder?: string;
  readonly resourceFolder: string;
  readonly threadFolder: string;
}

/** Besides calls of the envelope, what crosses the wall: a page's port on the way in, log lines on the way out. */
export type ToThread = { readonly kind: 'attach' } | ToProcessUser;
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'log'; readonly id: string; readonly stack: string }
  | FromProcessUser;

/** What of a node MessagePort the envelope needs; a Worker and `parentPort` have it too. */
export interface MessageEnd {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** A node MessagePort as a port of ours. */
export function portOver(end: MessageEnd): Port {
  return {
    send: (message) => end.postMessage(message),
    listen: (onMessage, onClose) => {
      end.on('message', (message) => onMessage(message as Parameters<typeof onMessage>[0]));
      end.on('close', onClose);
    },
  };
}

/** Answers the host's own calls. */
export function hostAnswer(engine: Engine): Answer {
  const calls: { readonly [Name in keyof HostCalls]: (argument: never) => unknown } = {
    grant: (path: string) => engine.grant(path),
    addRoot: (path: string) => engine.addRoot(path),
    nameOf: (file: string) => engine.nameOf(file),
    announce: (event: AppEvent) => engine.announce(event),
    close: () => engine.close(),
  };
  return async (name, argument) => {
    const call = Object.hasOwn(calls, name) ? calls[name as keyof HostCalls] : undefined;
    if (!call) throw new AppError('internal', 'no such call of the host', { found: name });
    return await call(argument as never);
  };
}
