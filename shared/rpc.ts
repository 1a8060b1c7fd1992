/** One envelope over any port: a call, its progress, its reply, and the way to cancel it. */
import {
  AppError,
  cancelledError,
  fromWire,
  isAppError,
  isCancelled,
  toWire,
  type WireError,
} from '#shared/errors.ts';

export type Request =
  | { readonly kind: 'call'; readonly id: number; readonly command: string; readonly params: unknown }
  | { readonly kind: 'cancel'; readonly id: number };

export type Response =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError };

/** A carrier of messages in both directions: a MessagePort, a WebSocket, a worker. */
export interface Port {
  send(message: Request | Response): void;
  /** Called once, before the first message. */
  listen(onMessage: (message: Request | Response) => void, onClose: () => void): void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: unknown) => void;
}

/** The calling side: one function. */
export type Call = (command: string, params: unknown, options?: CallOptions) => Promise<unknown>;

/** The answering side: what runs a command. */
export type Answer = (
  command: string,
  params: unknown,
  context: { readonly signal: AbortSignal; readonly progress: (progress: unknown) => void },
) => Promise<unknown>;

/** Turns a port into a function that calls the other side. Rejects with AppError only. */
export function callerOver(port: Port): Call {
  interface Pending {
    readonly resolve: (result: unknown) => void;
    readonly reject: (error: AppError) => void;
    readonly onProgress: ((progress: unknown) => void) | undefined;
    readonly release: () => void;
  }
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let isClosed = false;

  port.listen(
    (message) => {
      const call = pending.get(message.id);
      if (!call) return;
      if (message.kind === 'progress') {
        call.onProgress?.(message.progress);
        return;
      }
      if (message.kind !== 'reply' && message.kind !== 'error') return;
      pending.delete(message.id);
      call.release();
      if (message.kind === 'reply') call.resolve(message.result);
      else call.reject(fromWire(message.error));
    },
    () => {
      isClosed = true;
      for (const call of pending.values()) {
        call.release();
        call.reject(connectionLost());
      }
      pending.clear();
    },
  );

  return (command, params, options = {}) =>
    new Promise((resolve, reject) => {
      const { signal, onProgress } = options;
      if (signal?.aborted) return reject(cancelledError());
      if (isClosed) return reject(connectionLost());
      const id = nextId++;
      const cancel = () => {
        pending.delete(id);
        port.send({ kind: 'cancel', id });
        reject(cancelledError());
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const release = () => signal?.removeEventListener('abort', cancel);
      pending.set(id, { resolve, reject, onProgress, release });
      try {
        port.send({ kind: 'call', id, command, params });
      } catch (error) {
        pending.delete(id);
        release();
        reject(asAppError(error));
      }
    });
}

function connectionLost(): AppError {
  return new AppError('io', 'the connection to the engine is closed', {
    hint: 'reload the window; nothing on disk was changed',
  });
}

/** Answers the calls that arrive at a port, several at once, until it closes; then cancels what still runs. */
export function answerOver(port: Port, answer: Answer): void {
  const running = new Map<number, AbortController>();
  port.listen(
    (message) => {
      if (message.kind === 'cancel') {
        running.get(message.id)?.abort();
        return;
      }
      if (message.kind !== 'call') return;
      const { id, command, params } = message;
      const controller = new AbortController();
      running.set(id, controller);
      const { signal } = controller;
      const progress = (value: unknown) => {
        if (!signal.aborted) port.send({ kind: 'progress', id, progress: value });
      };
      answer(command, params, { signal, progress })
        .then((result) => port.send({ kind: 'reply', id, result }))
        // an answer that the port cannot carry included: else the caller would wait for ever
        .catch((error: unknown) => port.send({ kind: 'error', id, error: toWire(asAppError(error)) }))
        .finally(() => running.delete(id));
    },
    () => {
      for (const controller of running.values()) controller.abort();
      running.clear();
    },
  );
}

function asAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (isCancelled(error)) return cancelledError();
  return new AppError('internal', 'something went wrong that should not have', {}, error);
}
