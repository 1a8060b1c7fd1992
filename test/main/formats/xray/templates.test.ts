import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

import { ggufBytes } from '#test/kit/gguf-bytes.ts';
import { paramscopeJson } from '#test/kit/command-line.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import type { Xray } from '#shared/xray.ts';

const folder = mkdtempSync(join(tmpdir(), 'paramscope-templates-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STRING = 8;

it('the chat templates of a GGUF file are shown as text', async () => {
  const path = join(folder, 'model.gguf');
  const pairs = [
    ['tokenizer.chat_template', { type: STRING, value: '{{ messages }}' }],
    ['tokenizer.chat_template.tools', { type: STRING, value: '{% if tools %}' }],
    ['tokenizer.chat_templates', { type: STRING, value: 'none' }],
  ] as const;
  writeFileSync(path, ggufBytes({ tensors: [], pairs }));
  const { code, document } = await paramscopeJson<Xray>('xray', path);
  expect([code, document.complete, document.imports]).toEqual([0, true, []]);
  expect(document.parts).toEqual([
    { kind: 'chat-template', name: 'tokenizer.chat_template', stream: 'model.gguf', text: '{{ messages }}' },
    {
      kind: 'chat-template',
      name: 'tokenizer.chat_template.tools',
      stream: 'model.gguf',
      text: '{% if tools %}',
    },
  ]);
});

it('so are those of the tokenizer beside the weights', async () => {
  const path = join(folder, 'model.safetensors');
  writeFileSync(path, plainSafetensors([{ name: 'x', dtype: 'U8', shape: [1], bytes: Uint8Array.of(7) }]));
  writeFileSync(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ chat_template: [{ name: 'default', template: '{{ bos }}' }] }),
  );
  const { document } = await paramscopeJson<Xray>('xray', path);
  expect(document.parts).toEqual([
    { kind: 'chat-template', name: 'default', stream: 'tokenizer_config.json', text: '{{ bos }}' },
  ]);
  expect(document.weightsOnly.accepted).toBe(false);
});
