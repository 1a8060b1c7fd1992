import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

import type { Started, StartOptions } from '#test/journeys/kit/app.ts';
import { ROOT, chromium as chromiumBinary } from '#test/journeys/kit/places.ts';

export interface RunningServe {
  readonly process: ChildProcess;
  readonly link: string;
  stop(): Promise<void>;
}

/** Starts `paramscope serve` and waits for its link. */
export async function startServe({ parameters, dataFolder }: StartOptions): Promise<RunningServe> {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'paramscope.cjs'), 'serve', ...parameters], {
    env: { ...process.env, PARAMSCOPE_DATA: dataFolder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const link = await new Promise<string>((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const found = /http:\/\/127\.0\.0\.1:\d+\/#[0-9a-f]{64}/.exec(text)?.[0];
      if (found) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
  });
  return {
    process: child,
    link,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
}

/** Opens the app in Chromium through `serve`. */
export async function startInBrowser(options: StartOptions): Promise<Started> {
  const serve = await startServe(options);
  const executablePath = chromiumBinary();
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    // Chromium’s sandbox refuses root
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  const context = await browser.newContext({
    viewport: { width: 1360, height: 820 },
    permissions: ['clipboard-write'],
  });
  const page = await context.newPage();
  await page.goto(serve.link);
  return {
    page,
    session: () => context.newCDPSession(page),
    answerNextDialog: (paths) => {
      page.once('filechooser', (chooser) => void chooser.setFiles([...paths]));
      return Promise.resolve();
    },
    stop: async () => {
      await browser.close();
      await serve.stop();
    },
  };
}
