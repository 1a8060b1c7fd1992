// Where the packaged app of the tests lies.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder of the unpacked app, one for each checkout. It is in the system's temporary folder because
 * a checkout of root's is often closed to the unprivileged user whom Chromium's sandbox wants.
 * @param {string} root of the checkout
 */
export function testAppFolder(root) {
  return join(testPackageFolder(root), 'linux-unpacked');
}

/** @param {string} root */
export function testPackageFolder(root) {
  const checkout = createHash('sha256').update(root).digest('hex').slice(0, 8);
  return join(tmpdir(), `paramscope-test-app-${checkout}`);
}
