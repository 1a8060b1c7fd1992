import type { MessagePort, Worker } from 'node:worker_threads';

/** One end of a line between two threads, or between two parts of one. */
export interface Channel<Incoming, Outgoing> {
  /** Buffers in `transfer` are gone for the sender. */
  send(message: Outgoing, transfer?: readonly ArrayBuffer[]): void;
  /** Called once. `onClose` tells of the other end's death, with the error that it died of. */
  listen(onMessage: (message: Incoming) => void, onClose?: (error: unknown) => void): void;
  /** Ends the line; for the side that started a thread, the thread too. */
  close(): void;
}

/** The line to a thread that was started here; closing it ends the thread. */
export function workerChannel<Incoming, Outgoing>(worker: Worker): Channel<Incoming, Outgoing> {
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    listen: (onMessage, onClose) => {
      let cause: unknown;
      worker.on('message', onMessage);
      worker.on('error', (error) => (cause = error));
      worker.on('exit', () => onClose?.(cause));
    },
    close: () => void worker.terminate(),
  };
}

/** The line to whoever started this thread. */
export function portChannel<Incoming, Outgoing>(port: MessagePort): Channel<Incoming, Outgoing> {
  return {
    send: (message, transfer = []) => port.postMessage(message, transfer),
    listen: (onMessage, onClose) => {
      port.on('message', onMessage);
      port.on('close', () => onClose?.(undefined));
    },
    close: () => port.close(),
  };
}

/** Two ends in one thread. Messages arrive in order, each in a turn of its own, as between threads. */
export function channelPair<A, B>(): readonly [Channel<A, B>, Channel<B, A>] {
  let isClosed = false;
  const close = () => {
    isClosed = true;
  };
  const listeners: { a?: (message: A) => void; b?: (message: B) => void } = {};
  const deliver = (work: () => void) => {
    if (!isClosed) setImmediate(() => isClosed || work());
  };
  return [
    {
      send: (message) => deliver(() => listeners.b?.(message)),
      listen: (onMessage) => (listeners.a = onMessage),
      close,
    },
    {
      send: (message) => deliver(() => listeners.a?.(message)),
      listen: (onMessage) => (listeners.b = onMessage),
      close,
    },
  ];
}
