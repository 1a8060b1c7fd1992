/** The page's own files as both hosts answer them: known by exact name, under a policy that lets nothing else in. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Gives the file of a path such as `/` or `/assets/boot.js`; 404 for anything else. */
export type PageFiles = (path: string) => PageAnswer;

/** What the bundler left where each answer wants a nonce of its own. */
export const NONCE_PLACEHOLDER = 'PARAMSCOPE-NONCE';

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.woff2', 'font/woff2'],
]);

/** Nothing but the page's own scripts and styles; no frames around it, no text that turns into code. */
function contentPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    // the framework's own policy, for its compiled templates
    'trusted-types vue',
  ].join('; ');
}

export function securityHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentPolicy(nonce),
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  };
}

/**
 * Reads all files of the built page once; paths are compared as they are, never resolved.
 * @param folder `dist/renderer`, also inside an asar.
 */
export function loadPageFiles(folder: string): PageFiles {
  const files = new Map<string, Buffer>();
  for (const path of pathsUnder(folder, '')) files.set(path, readFileSync(join(folder, path)));
  const document = files.get('/index.html');
  if (document) files.set('/', document);
  return (path) => {
    const nonce = randomBytes(16).toString('base64');
    const body = files.get(path);
    if (!body) return { status: 404, headers: securityHeaders(nonce), body: Buffer.alloc(0) };
    const extension = path === '/' ? '.html' : extname(path);
    const isDocument = extension === '.html';
    return {
      status: 200,
      headers: {
        ...securityHeaders(nonce),
        'content-type': TYPES.get(extension) ?? 'application/octet-stream',
        // names of assets hold a digest of their content
        'cache-control': path.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store',
      },
      body: isDocument ? Buffer.from(body.toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce)) : body,
    };
  };
}

function pathsUnder(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = `${prefix}/${entry.name}`;
    return entry.isDirectory() ? pathsUnder(folder, path) : [path];
  });
}
