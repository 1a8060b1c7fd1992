import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { openWebBridge } from '#renderer/client/web-bridge.ts';
import { AppError } from '#shared/errors.ts';
import { decodeWire, encodeWire } from '#shared/wire.ts';

/** A socket whose other end is this test. */
class FakeSocket extends EventTarget {
  static last: FakeSocket;
  static isRefused = false;
  readonly sent: Uint8Array[] = [];
  binaryType = '';
  readonly url: string;

  constructor(url: string | URL) {
    super();
    this.url = String(url);
    FakeSocket.last = this;
    setTimeout(() => this.dispatchEvent(new Event(FakeSocket.isRefused ? 'error' : 'open')), 0);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }
}

const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();

beforeEach(() => {
  FakeSocket.isRefused = false;
  fetched.mockReset();
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('fetch', fetched);
  location.href = 'http://127.0.0.1:4567/#secret-token';
});
afterEach(() => void vi.unstubAllGlobals());

describe('the page in a browser', () => {
  test('exchanges the token of its link and takes it out of the address', async () => {
    fetched.mockResolvedValue(new Response(null, { status: 204 }));
    await openWebBridge();
    expect(fetched.mock.calls.map(([url, { method, body }]) => [url, method, body])).toEqual([
      ['/session', 'POST', '{"token":"secret-token"}'],
    ]);
    expect(location.href).not.toContain('secret-token');
    expect(FakeSocket.last.url).toBe('ws://127.0.0.1:4567/socket');
    expect(FakeSocket.last.binaryType).toBe('arraybuffer');
  });

  test('says what the server says when the link was used up', async () => {
    const wire = { error: { code: 'invalid-params', message: 'this link was used before' } };
    fetched.mockResolvedValue(new Response(JSON.stringify(wire), { status: 401 }));
    await expect(openWebBridge()).rejects.toMatchObject({ message: 'this link was used before' });
  });

  test('says what to do when there is no server', async () => {
    FakeSocket.isRefused = true;
    fetched.mockResolvedValue(new Response(null, { status: 204 }));
    const failure = await openWebBridge().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppError);
    expect((failure as AppError).fields.hint).toContain('paramscope serve');
  });

  test('sends and takes messages in the bytes of the wire', async () => {
    fetched.mockResolvedValue(new Response(null, { status: 204 }));
    const { port } = await openWebBridge();
    const heard: unknown[] = [];
    port.listen(
      (message) => heard.push(message),
      () => heard.push('closed'),
    );
    port.send({ kind: 'cancel', id: 7 });
    expect(decodeWire(FakeSocket.last.sent[0]!)).toEqual({ kind: 'cancel', id: 7 });
    const reply = { kind: 'reply', id: 7, result: Float32Array.of(Number.NaN, -0) };
    const bytes = encodeWire(reply);
    FakeSocket.last.dispatchEvent(new MessageEvent('message', { data: bytes.buffer.slice(0) }));
    FakeSocket.last.dispatchEvent(new Event('close'));
    expect(heard).toEqual([reply, 'closed']);
  });

  test('cannot choose where to write', async () => {
    fetched.mockResolvedValue(new Response(null, { status: 204 }));
    const { bridge } = await openWebBridge();
    await expect(bridge.pickFiles({ mode: 'save', title: 'Save' })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});
