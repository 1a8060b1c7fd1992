/** Who may ask the local server for what. Pure: facts of a request in, a verdict out. */

export type Route = 'page' | 'session' | 'upload' | 'socket';

export interface RequestFacts {
  readonly method: string;
  /** The request target as sent, not decoded. */
  readonly target: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  readonly isUpgrade: boolean;
  /** Whether it carries the cookie of a session. */
  readonly hasSession: boolean;
}

export type Verdict =
  | { readonly isAllowed: true; readonly route: Route; readonly path: string; readonly query: string }
  | { readonly isAllowed: false; readonly status: 400 | 401 | 403 | 404 | 405; readonly reason: string };

/** Names of this machine alone, with any port: an SSH forward comes from another one. */
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

const METHODS: Readonly<Record<Route, readonly string[]>> = {
  page: ['GET', 'HEAD'],
  session: ['GET', 'POST'],
  upload: ['POST'],
  socket: ['GET'],
};

export function judge(facts: RequestFacts): Verdict {
  // a name that somebody else's server answers for today may point here tomorrow
  if (facts.host === undefined || !LOOPBACK_HOST.test(facts.host)) {
    return refuse(
      facts.host === undefined ? 400 : 403,
      'this server answers to the names of this machine only',
    );
  }
  const question = facts.target.indexOf('?');
  const path = question < 0 ? facts.target : facts.target.slice(0, question);
  const query = question < 0 ? '' : facts.target.slice(question + 1);
  const route = routeOf(path);
  if (!METHODS[route].includes(facts.method)) return refuse(405, 'no such method here');
  // only the upload has anything to say behind the question mark
  if (route !== 'upload' && question >= 0) return refuse(404, 'no such page');
  if ((route === 'socket') !== facts.isUpgrade)
    return refuse(400, 'the socket, and only that, is an upgrade');
  if (!isFromOwnPage(facts, route, path)) return refuse(403, 'this was asked by another site');
  if ((route === 'upload' || route === 'socket') && !facts.hasSession) {
    return refuse(401, 'open the link that the terminal shows');
  }
  return { isAllowed: true, route, path, query };
}

function routeOf(path: string): Route {
  if (path === '/session') return 'session';
  if (path === '/upload') return 'upload';
  if (path === '/socket') return 'socket';
  // whether there is such a file is decided by its exact name
  return 'page';
}

function isFromOwnPage(facts: RequestFacts, route: Route, path: string): boolean {
  const { origin, host, fetchSite, method } = facts;
  const isStateChanging = method === 'POST' || route === 'socket';
  if (origin === undefined ? isStateChanging : origin.toLowerCase() !== `http://${host?.toLowerCase()}`)
    return false;
  if (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none') return true;
  // a link clicked elsewhere leads to the page, which holds no data
  return path === '/' && facts.fetchMode === 'navigate';
}

function refuse(status: 400 | 401 | 403 | 404 | 405, reason: string): Verdict {
  return { isAllowed: false, status, reason };
}
