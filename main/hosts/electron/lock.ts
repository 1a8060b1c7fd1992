/** What no page in this app may ever do: go elsewhere, open windows, ask for devices, reach a network. */
import type { WebContents } from 'electron';

import { isPageUrl } from '#main/hosts/electron/app-protocol.ts';
import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';

/** Copying text that the person asked to copy; everything else is refused. */
const GRANTED = 'clipboard-sanitized-write';

/** Call before the first window. */
export function lockDown({ app, session }: Pick<ElectronParts, 'app' | 'session'>): void {
  app.on('web-contents-created', (_event, contents) => lockContents(contents));
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((contents, permission, decide) => {
    decide(permission === GRANTED && isPageUrl(contents.getURL()));
  });
  defaultSession.setPermissionCheckHandler((contents, permission) => {
    return (permission as string) === GRANTED && contents !== null && isPageUrl(contents.getURL());
  });
  defaultSession.setDevicePermissionHandler(() => false);
  // `app:` is no pattern of this list, so the page itself is untouched
  defaultSession.webRequest.onBeforeRequest({ urls: ['*://*/*', 'file://*/*'] }, (_details, decide) =>
    decide({ cancel: true }),
  );
}

function lockContents(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
