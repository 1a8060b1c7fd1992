import type { WebSocket } from 'ws';

import type { Port, Request } from '#shared/rpc.ts';
import { decodeWire, encodeWire } from '#shared/wire.ts';

/** A page that falls asleep or loses its network is noticed after two of these. */
const PING_MS = 30_000;

/** A WebSocket as a port: binary frames of `shared/wire.ts`. A page that sends anything else is cut off. */
export function portOverSocket(socket: WebSocket): Port {
  let isAnswering = true;
  const timer = setInterval(() => {
    if (!isAnswering) return socket.terminate();
    isAnswering = false;
    socket.ping();
  }, PING_MS);
  timer.unref();
  socket.on('pong', () => (isAnswering = true));

  return {
    send: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(encodeWire(message));
    },
    listen: (onMessage, onClose) => {
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        try {
          if (!isBinary) throw new TypeError('a text frame');
          onMessage(decodeWire(data) as Request);
        } catch {
          // 1007: the payload is not what it should be
          socket.close(1007);
        }
      });
      socket.on('close', () => {
        clearInterval(timer);
        onClose();
      });
      // 'close' follows and does what is to be done
      socket.on('error', () => socket.terminate());
    },
  };
}
