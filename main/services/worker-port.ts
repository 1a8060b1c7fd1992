import type { MessagePort, Worker } from 'node:worker_threads';

import type { Port } from '#shared/rpc.ts';

/** The envelope over a worker, seen from outside; a crash of the thread closes the port. */
export function workerPort(worker: Worker): Port {
  return {
    send: (message) => worker.postMessage(message),
    listen: (onMessage, onClose) => {
      worker.on('message', onMessage);
      worker.once('exit', onClose);
      // an uncaught error is followed by the exit, which tells the callers
      worker.on('error', () => {});
    },
  };
}

/** The envelope over one end of a message channel. */
export function channelPort(port: MessagePort): Port {
  return {
    send: (message) => port.postMessage(message),
    listen: (onMessage, onClose) => {
      port.on('message', onMessage);
      port.once('close', onClose);
    },
  };
}
