import { reflectedCrc } from '#main/bytes/reflected-crc.ts';

/** CRC-32 (ISO-HDLC), as zip, gzip and PNG use it. */
export const crc32 = reflectedCrc(0xedb88320);
