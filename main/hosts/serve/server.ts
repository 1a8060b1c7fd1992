/** The local server itself: who is answered, and with what. The conversation is told in `serve.ts`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

import { createEngineInThread, type EngineInThread } from '#main/engine-in-thread.ts';
import { loadPageFiles, securityHeaders, type PageFiles } from '#main/hosts/page-files.ts';
import { judge, type RequestFacts, type Verdict } from '#main/hosts/serve/access.ts';
import { portOverSocket } from '#main/hosts/serve/page-socket.ts';
import { createSessions, type Sessions } from '#main/hosts/serve/sessions.ts';
import { nodeProcesses } from '#main/hosts/training/node-process.ts';
import { createUploads, type Uploads } from '#main/hosts/serve/uploads.ts';
import { AppError, isAppError, toWire } from '#shared/errors.ts';

export interface ServerOptions {
  /** `dist`: the page, the threads and the resources. */
  readonly bundleFolder: string;
  readonly dataFolder: string;
  /** Folders that the page may list. */
  readonly folders: readonly string[];
  /** 0 or absent: any that is free. */
  readonly port?: number | undefined;
  /** Told a link when there is a new one: at start, and when somebody opens one that was used up. */
  readonly onLink: (link: string) => void;
  /** Takes faults of ours. */
  readonly log: (entry: { readonly id?: string; readonly stack: string }) => void;
}

export interface RunningServer {
  readonly port: number;
  /** Ends connections, engine and uploads. */
  close(): Promise<void>;
}

/** The only address it ever listens at. */
const ADDRESS = '127.0.0.1';
const MOST_CONNECTIONS = 64;
const MOST_HEADER_BYTES = 16 * 1024;
const HEADERS_MS = 10_000;
const IDLE_MS = 120_000;
/** A token and its braces. */
const MOST_SESSION_BODY_BYTES = 1024;
/** The largest call is a map from names to names. */
const MOST_MESSAGE_BYTES = 32 * 1024 * 1024;

/** What answering a request takes. */
interface Parts {
  readonly engine: EngineInThread;
  readonly page: PageFiles;
  readonly sessions: Sessions;
  readonly uploads: Uploads;
  readonly showLink: () => void;
}

/** Starts the server. @throws AppError `io` where the port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const page = loadPageFiles(join(options.bundleFolder, 'renderer'));
  const sessions = createSessions();
  const uploads = createUploads();
  const engine = createEngineInThread({
    threadFile: join(options.bundleFolder, 'engine.cjs'),
    data: {
      dataFolder: options.dataFolder,
      resourceFolder: join(options.bundleFolder, 'resources'),
      threadFolder: options.bundleFolder,
    },
    startProcess: nodeProcesses(options.bundleFolder),
    log: options.log,
  });
  let port = 0;
  const showLink = () => options.onLink(`http://${ADDRESS}:${port}/#${sessions.token()}`);
  const parts: Parts = { engine, page, sessions, uploads, showLink };

  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES }, (request, response) => {
    void answer(parts, request, response);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.headersTimeout = HEADERS_MS;
  // an upload may take long as long as it moves
  server.requestTimeout = 0;
  server.timeout = IDLE_MS;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request, socket, head) => upgrade(parts, sockets, request, socket, head));

  try {
    for (const folder of options.folders) await engine.addRoot(folder);
    port = await listen(server, options.port ?? 0);
  } catch (error) {
    await engine.close();
    throw error;
  }
  const clear = () => uploads.clear();
  process.once('exit', clear);
  showLink();
  return {
    port,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engine.close();
      process.off('exit', clear);
      clear();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(
        new AppError('io', isTaken ? `port ${port} is in use` : `port ${port} cannot be used`, {
          found: error.code ?? error.message,
          hint: 'choose another with --port, or leave it out',
        }),
      );
    });
    server.listen(port, ADDRESS, () => resolve((server.address() as AddressInfo).port));
  });
}

function factsOf(request: IncomingMessage, sessions: Sessions): RequestFacts {
  const one = (name: string) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join() : value;
  };
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    host: one('host'),
    origin: one('origin'),
    fetchSite: one('sec-fetch-site'),
    fetchMode: one('sec-fetch-mode'),
    isUpgrade: request.headers.upgrade !== undefined,
    hasSession: sessions.isValid(request.headers.cookie),
  };
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const facts = factsOf(request, parts.sessions);
  const verdict = judge(facts);
  try {
    if (!verdict.isAllowed) return refuse(response, verdict.status, verdict.reason);
    if (verdict.route === 'session') return await answerSession(parts, facts, request, response);
    if (verdict.route === 'upload') return await answerUpload(parts, verdict, request, response);
    const { status, headers, body } = parts.page(verdict.path);
    response.writeHead(status, { ...headers, 'content-length': body.byteLength });
    response.end(facts.method === 'HEAD' ? undefined : body);
  } catch (error) {
    const failure = isAppError(error)
      ? error
      : new AppError('internal', 'the server could not answer', {}, error);
    const status = failure.code === 'limit' ? 413 : failure.code === 'invalid-params' ? 400 : 500;
    send(response, status, failure);
  }
}

async function answerSession(
  { sessions, showLink }: Parts,
  facts: RequestFacts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const succeed = (headers: Record<string, string> = {}) => {
    response.writeHead(204, { 'cache-control': 'no-store', ...securityHeaders(''), ...headers });
    response.end();
  };
  if (facts.method === 'GET') {
    return facts.hasSession ? succeed() : refuse(response, 401, 'open the link that the terminal shows');
  }
  const exchange = sessions.exchange(tokenIn(await bodyOf(request, MOST_SESSION_BODY_BYTES)));
  if (exchange.kind === 'new') return succeed({ 'set-cookie': exchange.cookie });
  if (facts.hasSession) return succeed();
  if (exchange.kind === 'wrong') return refuse(response, 401, 'this is no link of this server');
  showLink();
  refuse(response, 401, 'this link was used before; the terminal shows a new one');
}

async function answerUpload(
  { engine, uploads }: Parts,
  { query }: Verdict & { isAllowed: true },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const fields = new URLSearchParams(query);
  const path = await uploads.keep(fields.get('name') ?? '', fields.get('set') ?? undefined, request);
  const body = Buffer.from(JSON.stringify(await engine.grant(path)));
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': body.byteLength,
    'cache-control': 'no-store',
    ...securityHeaders(''),
  });
  response.end(body);
}

function upgrade(
  parts: Parts,
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const verdict = judge(factsOf(request, parts.sessions));
  if (!verdict.isAllowed || verdict.route !== 'socket') {
    const status = verdict.isAllowed ? 400 : verdict.status;
    // whoever is refused may be gone before it has read that
    socket.on('error', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (webSocket) =>
    parts.engine.connect(portOverSocket(webSocket)),
  );
}

async function bodyOf(request: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let count = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    count += chunk.byteLength;
    if (count > mostBytes)
      throw new AppError('limit', 'the request is too long', { expected: `at most ${mostBytes} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tokenIn(body: string): string {
  try {
    const { token } = JSON.parse(body) as { token?: unknown };
    return typeof token === 'string' ? token : '';
  } catch {
    throw new AppError('invalid-params', 'the request is no JSON with a token');
  }
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  send(response, status, new AppError('invalid-params', reason));
}

function send(response: ServerResponse, status: number, error: AppError): void {
  if (response.headersSent) return void response.destroy();
  const body = Buffer.from(JSON.stringify({ error: toWire(error) }));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.byteLength,
    'cache-control': 'no-store',
    // what is left of a body that nobody will read
    connection: 'close',
    ...securityHeaders(''),
  });
  response.end(body);
}
