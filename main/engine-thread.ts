/** The thread that the engine lives in: the shell around it. */
import { randomBytes } from 'node:crypto';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';

import {
  hostAnswer,
  portOver,
  type EngineThreadData,
  type FromThread,
  type ToThread,
} from '#main/engine-host-calls.ts';
import { processUser } from '#main/engine-processes.ts';
import { createEngine } from '#main/engine.ts';
import { answerOver } from '#shared/rpc.ts';

async function start(host: MessagePort): Promise<void> {
  const processes = processUser((message) => host.postMessage(message));
  const engine = await createEngine({
    ...(workerData as EngineThreadData),
    startProcess: processes.startProcess,
    log: (error) => log(host, error),
  });
  host.on('message', (message: ToThread & { readonly port?: MessagePort }) => {
    if (message.kind === 'attach' && message.port) answerOver(portOver(message.port), engine.answer);
    else processes.take(message);
  });
  answerOver(portOver(host), hostAnswer(engine));
  host.postMessage({ kind: 'ready' } satisfies FromThread);
}

/** Sends a fault of ours to the host, which keeps the log. @returns the id of its line. */
function log(host: MessagePort, error: unknown): string {
  const id = randomBytes(4).toString('hex');
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  host.postMessage({ kind: 'log', id, stack } satisfies FromThread);
  return id;
}

if (parentPort) void start(parentPort);
