/** The engine in a thread of its own, as a host holds it: started, reached, started again when it dies. */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import {
  portOver,
  type EngineThreadData,
  type FromThread,
  type HostCalls,
  type ToThread,
} from '#main/engine-host-calls.ts';
import { processHost } from '#main/engine-processes.ts';
import type { EngineOptions } from '#main/engine.ts';
import { AppError, toWire } from '#shared/errors.ts';
import { callerOver, type Call, type Port, type Request, type Response } from '#shared/rpc.ts';

export interface EngineInThreadOptions {
  /** The bundled `engine-thread.ts`. */
  readonly threadFile: string;
  readonly data: EngineThreadData;
  /** Starts the processes that the engine asks for. Absent: this host has none. */
  readonly startProcess?: EngineOptions['startProcess'];
  /** Takes a fault of ours: `id` is what the person was shown, where one was shown. */
  readonly log: (entry: { readonly id?: string; readonly stack: string }) => void;
}

export interface EngineInThread extends HostCalls {
  /**
   * Answers the calls that arrive at a page's port until that closes. When the thread dies, what
   * was under way fails with `internal` and the port goes on with the next thread.
   * @param onReply told the command of each call that was answered without error.
   */
  connect(page: Port, onReply?: (command: string) => void): void;
}

interface Thread {
  readonly worker: Worker;
  readonly call: Call;
}

/** A thread that dies sooner than this after its start is not started again at once, or it would spin. */
const SHORTEST_LIFE_MS = 2000;

/** Starts the thread. Calls made before it is ready wait for it. */
export function createEngineInThread(options: EngineInThreadOptions): EngineInThread {
  const pages = new Set<Relay>();
  let isClosing = false;
  let thread = start();

  function start(): Thread {
    const began = Date.now();
    const worker = new Worker(options.threadFile, { workerData: options.data, name: 'engine' });
    const processes = processHost(options.startProcess, (message) => worker.postMessage(message));
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'log') options.log({ id: message.id, stack: message.stack });
      else processes.take(message);
    });
    worker.on('exit', processes.killAll);
    worker.on('error', (error: unknown) => {
      options.log({ stack: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    });
    worker.on('exit', (code) => {
      if (isClosing) return;
      options.log({ stack: `the engine’s thread ended with exit ${code}` });
      for (const page of pages) page.fail();
      setTimeout(restart, Date.now() - began < SHORTEST_LIFE_MS ? SHORTEST_LIFE_MS : 0);
    });
    return { worker, call: callerOver(portOverWorker(worker)) };
  }

  function restart(): void {
    if (isClosing) return;
    thread = start();
    for (const page of pages) page.attach(attachTo(thread.worker));
  }

  const ask = (name: keyof HostCalls, argument?: unknown) => thread.call(name, argument);
  return {
    connect: (page, onReply) => {
      const relay = createRelay(page, onReply, () => pages.delete(relay));
      pages.add(relay);
      relay.attach(attachTo(thread.worker));
    },
    grant: (path) => ask('grant', path) as ReturnType<HostCalls['grant']>,
    addRoot: (path) => ask('addRoot', path) as ReturnType<HostCalls['addRoot']>,
    nameOf: (file) => ask('nameOf', file) as ReturnType<HostCalls['nameOf']>,
    announce: (event) => ask('announce', event) as ReturnType<HostCalls['announce']>,
    close: async () => {
      if (isClosing) return;
      isClosing = true;
      await ask('close').catch(() => undefined);
      await thread.worker.terminate();
    },
  };
}

/** Gives the thread one end of a new channel. @returns the other. */
function attachTo(worker: Worker): MessagePort {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ kind: 'attach', port: port2 } satisfies ToThread & { port: MessagePort }, [port2]);
  return port1;
}

/** As `portOver`, but closed when the thread ends: a Worker has no `close` event. */
function portOverWorker(worker: Worker): Port {
  return {
    send: (message) => worker.postMessage(message),
    listen: (onMessage, onClose) => {
      worker.on('message', onMessage);
      worker.on('exit', onClose);
    },
  };
}

interface Relay {
  /** Passes messages on to this thread from now on. */
  attach(thread: MessagePort): void;
  /** The thread is gone: what was under way fails, what comes meanwhile waits for the next one. */
  fail(): void;
}

/** A page may send anything. */
function isRequest(message: unknown): message is Request {
  if (typeof message !== 'object' || message === null) return false;
  const { kind, id, command } = message as Partial<Record<'kind' | 'id' | 'command', unknown>>;
  return typeof id === 'number' && (kind === 'cancel' || (kind === 'call' && typeof command === 'string'));
}

/** Passes messages between a page's port, which stays, and threads, which may not. */
function createRelay(
  page: Port,
  onReply: ((command: string) => void) | undefined,
  onClose: () => void,
): Relay {
  const underWay = new Map<number, string>();
  let waiting: Request[] = [];
  let thread: MessagePort | undefined;

  const pass = (message: Request) => {
    if (!thread) {
      waiting.push(message);
      return;
    }
    if (message.kind === 'call') underWay.set(message.id, message.command);
    else underWay.delete(message.id);
    thread.postMessage(message);
  };

  page.listen(
    (message) => {
      if (isRequest(message)) pass(message);
    },
    () => {
      thread?.close();
      onClose();
    },
  );

  return {
    attach: (next) => {
      thread = next;
      portOver(next).listen(
        (message) => {
          const response = message as Response;
          if (response.kind !== 'progress') {
            const command = underWay.get(response.id);
            underWay.delete(response.id);
            if (response.kind === 'reply' && command !== undefined) onReply?.(command);
          }
          page.send(response);
        },
        () => undefined,
      );
      const missed = waiting;
      waiting = [];
      for (const message of missed) pass(message);
    },
    fail: () => {
      thread = undefined;
      const error = toWire(
        new AppError('internal', 'the engine stopped and was started again', {
          hint: 'open the file again; nothing on disk was changed',
        }),
      );
      for (const id of underWay.keys()) page.send({ kind: 'error', id, error });
      underWay.clear();
    },
  };
}
