import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';

import { createUploads } from '#main/hosts/serve/uploads.ts';

const uploads = createUploads(10);
afterEach(() => uploads.clear());

test('a file over the limit is refused while it comes, and leaves nothing', async () => {
  const kept = await uploads.keep('small', 'set', Readable.from([Buffer.alloc(10)]));
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(7);
    })(),
  );
  await expect(uploads.keep('large', 'set', endless)).rejects.toMatchObject({
    code: 'limit',
    fields: { file: 'large', expected: 'at most 10 bytes' },
  });
  expect(readdirSync(dirname(kept))).toEqual(['small']);
});

test('clearing removes everything, and a later file starts anew', async () => {
  const first = await uploads.keep('a', undefined, Readable.from([]));
  uploads.clear();
  expect(existsSync(dirname(first))).toBe(false);
  const second = await uploads.keep('a', undefined, Readable.from([]));
  expect(existsSync(second)).toBe(true);
});
