// Draws icon.png from icon.svg with a Chromium: run it after changing the drawing, and commit both.
import { chromium } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { chromiumPath } from '../machine.mjs';

const SIDE = 512;
/** @param {string} name */
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const executablePath = chromiumPath();
const browser = await chromium.launch(executablePath ? { executablePath } : {});
const page = await browser.newPage({ viewport: { width: SIDE, height: SIDE } });
await page.setContent(`<style>body { margin: 0 }</style>${readFileSync(beside('icon.svg'), 'utf8')}`);
await page.screenshot({ path: beside('icon.png'), omitBackground: true });
await browser.close();
