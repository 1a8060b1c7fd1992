/// <reference types="vite/client" />

interface Window {
  /** Put there by the preload on the desktop; absent in the browser. */
  readonly paramscope?: import('#shared/bridge.ts').Bridge;
}
