/** The browser's way to the engine: a session by token, a socket for calls, uploads for files. */
import { startActivity } from '#renderer/client/activities.ts';
import { newSet } from '#renderer/client/dropped-files.ts';
import type { Bridge, PickedFile, PickOptions } from '#shared/bridge.ts';
import { AppError, cancelledError, fromWire, type WireError } from '#shared/errors.ts';
import type { Port, Request, Response as Answer } from '#shared/rpc.ts';
import { decodeWire, encodeWire } from '#shared/wire.ts';

/** Exchanges the link's token, then opens the socket. @throws AppError where the server turns the page away. */
export async function openWebBridge(): Promise<{ bridge: Bridge; port: Port }> {
  await openSession();
  return { bridge: webBridge(), port: await openSocket() };
}

async function openSession(): Promise<void> {
  const token = location.hash.slice(1);
  if (!token) return;
  // out of the address before anything else, so that it is in no bookmark and no screenshot
  history.replaceState(undefined, '', location.pathname);
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw await errorOf(response);
}

function openSocket(): Promise<Port> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(new URL('/socket', location.href.replace(/^http/, 'ws')));
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => resolve(portOver(socket)), { once: true });
    socket.addEventListener(
      'error',
      () =>
        reject(
          new AppError('io', 'no connection to paramscope on this machine', {
            hint: 'open the link that paramscope serve printed; each link lets one browser in',
          }),
        ),
      { once: true },
    );
  });
}

function portOver(socket: WebSocket): Port {
  return {
    send: (message) => socket.send(encodeWire(message) as Uint8Array<ArrayBuffer>),
    listen: (onMessage, onClose) => {
      socket.addEventListener('message', (event: MessageEvent<ArrayBuffer>) =>
        onMessage(decodeWire(new Uint8Array(event.data)) as Request | Answer),
      );
      socket.addEventListener('close', onClose);
    },
  };
}

function webBridge(): Bridge {
  return {
    host: 'web',
    requestPort: () => {},
    openDropped: (file, set) => upload(file, set ?? newSet()),
    pickFiles: pickAndUpload,
  };
}

async function pickAndUpload({ mode }: PickOptions): Promise<PickedFile[]> {
  if (mode === 'save' || mode === 'new-folder') {
    throw new AppError('unsupported', 'a page cannot choose where on the disk to write', {
      hint: 'use the desktop app or the command line for this',
    });
  }
  const files = await chooseFiles(mode === 'folder');
  const set = newSet();
  const picked: PickedFile[] = [];
  for (const file of files) picked.push(await upload(file, set));
  return picked;
}

/** The browser's own dialog. Gives nothing when it is left without a choice. */
function chooseFiles(isFolder: boolean): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.webkitdirectory = isFolder;
    input.addEventListener('change', () => resolve([...(input.files ?? [])]), { once: true });
    input.addEventListener('cancel', () => resolve([]), { once: true });
    input.click();
  });
}

/** Sends one file; those of one set are siblings over there. */
function upload(file: File, set: string): Promise<PickedFile> {
  return new Promise((resolve, reject) => {
    // not fetch: that says nothing about how much has been sent
    const request = new XMLHttpRequest();
    const activity = startActivity(`Sending ${file.name}`, () => request.abort());
    request.upload.addEventListener('progress', ({ loaded, total }) =>
      activity.report({ done: loaded, total, unit: 'bytes' }),
    );
    request.addEventListener('loadend', () => activity.end());
    request.addEventListener('abort', () => reject(cancelledError()));
    request.addEventListener('error', () =>
      reject(new AppError('io', 'the file could not be sent', { file: file.name })),
    );
    request.addEventListener('load', () => {
      if (request.status === 200) resolve(JSON.parse(request.responseText) as PickedFile);
      else reject(parseError(request.responseText));
    });
    request.open('POST', `/upload?name=${encodeURIComponent(file.name)}&set=${set}`);
    request.send(file);
  });
}

async function errorOf(response: Response): Promise<AppError> {
  return parseError(await response.text());
}

function parseError(text: string): AppError {
  try {
    return fromWire((JSON.parse(text) as { error: WireError }).error);
  } catch (error) {
    return new AppError('io', 'the server answered with something else than an error of ours', {}, error);
  }
}
