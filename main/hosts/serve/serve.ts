/**
 * The app in a browser, for this machine only. What a page and this server say to each other:
 *
 * - The link printed is `http://127.0.0.1:PORT/#TOKEN`. `GET /` and the page's own files are public: they hold no data.
 * - `POST /session` with the JSON `{"token": "…"}` → 204 and a cookie (HttpOnly, SameSite=Strict). A token works once.
 *   Send it when `location.hash` has one, then remove it from the address (`history.replaceState`). 401 with
 *   `{"error": WireError}` when it was used up and there is no valid cookie either. Without a token go on to the socket.
 * - `GET /session` → 204 with a valid cookie, else 401: whether the socket is worth trying.
 * - `GET /socket` → WebSocket. Binary frames, each one message of the envelope of `shared/rpc.ts` in the bytes of
 *   `shared/wire.ts` (`encodeWire`, `decodeWire`; set `binaryType = 'arraybuffer'`). Text frames are refused.
 * - `POST /upload?name=NAME&set=SET`, body: the file's bytes → 200 with `{"file": FileId, "name": NAME}`. Files of one set
 *   (any 1 to 64 characters of `[A-Za-z0-9-]` that the page makes up, one for each drop) lie in one folder, so that a member finds
 *   its siblings; without `set` the file lies alone. Errors: `{"error": WireError}` with status 4xx or 5xx.
 */
import { crashLog } from '#main/hosts/crash-log.ts';
import { dataFolder } from '#main/hosts/data-folder.ts';
import { startServer } from '#main/hosts/serve/server.ts';

export interface ServeOptions {
  /** Folders that the page may list. */
  readonly folders: readonly string[];
  readonly port?: number | undefined;
  /** `dist`: the page, the threads and the resources. */
  readonly bundleFolder: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Serves in the foreground, with the link on standard output, until the signal is aborted. */
export async function serve({ folders, port, bundleFolder, signal }: ServeOptions): Promise<void> {
  const folder = dataFolder();
  const server = await startServer({
    folders,
    port,
    bundleFolder,
    dataFolder: folder,
    onLink: (link) => process.stdout.write(`Paramscope is at ${link}\n`),
    log: crashLog(folder),
  });
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await server.close();
}
