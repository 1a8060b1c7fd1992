/** The page's own scheme: nothing but the built page, from one host, with the same headers as everywhere. */
import { loadPageFiles, securityHeaders, type PageAnswer, type PageFiles } from '#main/hosts/page-files.ts';
import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';

export const SCHEME = 'app';
export const PAGE_HOST = 'paramscope';
export const PAGE_URL = `${SCHEME}://${PAGE_HOST}/`;

/** Must be called once, before the app is ready. */
export function declareScheme({ protocol }: Pick<ElectronParts, 'protocol'>): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Answers the scheme from `folder`; call when the app is ready. */
export function answerScheme({ protocol }: Pick<ElectronParts, 'protocol'>, folder: string): void {
  const page = loadPageFiles(folder);
  if (typeof protocol.handle === 'function') {
    protocol.handle(SCHEME, (request) => {
      const { status, headers, body } = answerRequest(page, request.method, request.url);
      return new Response(new Uint8Array(body), { status, headers: { ...headers } });
    });
    return;
  }
  // Electron before 25 has neither handle nor Response
  protocol.registerBufferProtocol(SCHEME, (request, callback) => {
    const { status, headers, body } = answerRequest(page, request.method, request.url);
    callback({
      statusCode: status,
      headers: { ...headers },
      mimeType: headers['content-type'] ?? '',
      data: body,
    });
  });
}

export function answerRequest(page: PageFiles, method: string, url: string): PageAnswer {
  const isOwn = url.startsWith(PAGE_URL) && (method === 'GET' || method === 'HEAD');
  if (!isOwn) return { status: 404, headers: securityHeaders(''), body: Buffer.alloc(0) };
  // what follows a # never comes here; a ? belongs to no file of ours
  return page(url.slice(PAGE_URL.length - 1));
}

/** Whether an address is that of the page, exactly: not of something that begins alike. */
export function isPageUrl(url: string): boolean {
  return url === PAGE_URL || url.startsWith(`${PAGE_URL}#`);
}
