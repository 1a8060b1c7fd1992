/** Memory that is given back at once: of large buffers a thread may gather tens of megabytes before it collects them by itself. */

/** Smaller ones may lie in memory that others share, and are not worth the call. */
const LEAST_BYTES = 16_384;
/** What a buffer may have besides; one with more is somebody else's, too. */
const SLACK_BYTES = 4096;

type Port = InstanceType<typeof MessageChannel>['port1'];

let away: Port | undefined;

/** Whoever looks at the buffer afterwards finds nothing. @param bytes of the caller's own, of which nothing else is looked at. */
export function releaseMemory({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < LEAST_BYTES || buffer.byteLength > byteLength + SLACK_BYTES) return;
  away ??= closedPort();
  try {
    // what is sent to nobody belongs to nobody
    away.postMessage(undefined, [buffer as ArrayBuffer]);
  } catch {
    // memory that cannot be handed over, such as a kernel module's own, stays
  }
}

function closedPort(): Port {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
