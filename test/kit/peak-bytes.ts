import { existsSync, readFileSync } from 'node:fs';

/**
 * The most memory that this process has had, in bytes.
 * `resourceUsage` begins with what the process had that started this one; `VmHWM` of proc(5) does not.
 */
export function peakBytes(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return 1024 * (kibibytes ? Number(kibibytes) : process.resourceUsage().maxRSS);
}
