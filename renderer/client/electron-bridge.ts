/** The desktop's port: main sends it as a message event after `requestPort`. */
import { PORT_MESSAGE, type Bridge } from '#shared/bridge.ts';
import type { Port, Request, Response } from '#shared/rpc.ts';

/** Waits for the engine's port. @returns a port that clones messages, typed arrays included. */
export function electronPort(bridge: Bridge): Promise<Port> {
  return new Promise((resolve) => {
    const onMessage = (event: MessageEvent<unknown>) => {
      const port = event.ports[0];
      if (event.source !== window || event.data !== PORT_MESSAGE || !port) return;
      window.removeEventListener('message', onMessage);
      resolve(portOver(port));
    };
    window.addEventListener('message', onMessage);
    bridge.requestPort();
  });
}

/** Any MessagePort as a port of ours; also how tests connect the page to an engine in memory. */
export function portOver(port: MessagePort): Port {
  return {
    send: (message) => port.postMessage(message),
    listen: (onMessage, onClose) => {
      port.onmessage = (event: MessageEvent<Request | Response>) => onMessage(event.data);
      port.addEventListener('close', onClose);
      port.start();
    },
  };
}
