/** A page's line to a real engine in this process: messages are cloned as a port clones them. */
import { createPinia, setActivePinia } from 'pinia';

import { createEngine, type Engine, type EngineOptions } from '#main/engine.ts';
import { connectTo } from '#renderer/client/client.ts';
import { setHost } from '#renderer/client/host.ts';
import type { Bridge, PickedFile } from '#shared/bridge.ts';
import { answerOver, type Port, type Request, type Response } from '#shared/rpc.ts';

export interface PageEngine {
  readonly engine: Engine;
  /** What the next dialog is answered with. */
  answerDialog(files: readonly PickedFile[]): void;
  /** Ends the engine and the line to it. */
  close(): Promise<void>;
}

/** Connects the client and a fresh Pinia to an engine that runs inline. */
export async function connectPage(options: Partial<EngineOptions> = {}): Promise<PageEngine> {
  const engine = await createEngine({ resourceFolder: 'dist/resources', ...options });
  const { page, answering, close } = portPair();
  let dialog: readonly PickedFile[] = [];
  const bridge: Bridge = {
    host: 'electron',
    requestPort: () => {},
    openDropped: () => Promise.resolve(undefined),
    pickFiles: () => Promise.resolve(dialog),
  };
  answerOver(answering, engine.answer);
  connectTo(page);
  setHost(bridge);
  setActivePinia(createPinia());
  return {
    engine,
    answerDialog: (files) => void (dialog = files),
    close: async () => {
      close();
      await engine.close();
    },
  };
}

type Message = Request | Response;

function portPair(): { readonly page: Port; readonly answering: Port; close(): void } {
  const closers: (() => void)[] = [];
  const listeners: { page?: (message: Message) => void; answering?: (message: Message) => void } = {};
  const portTo = (own: 'page' | 'answering', other: 'page' | 'answering'): Port => ({
    send: (message) => {
      // cloned at once, as postMessage does: a reactive object fails here as it would there
      const copy = structuredClone(message);
      setTimeout(() => listeners[other]?.(copy), 0);
    },
    listen: (onMessage, onClose) => {
      listeners[own] = onMessage;
      closers.push(onClose);
    },
  });
  return {
    page: portTo('page', 'answering'),
    answering: portTo('answering', 'page'),
    close: () => closers.forEach((onClose) => onClose()),
  };
}
