import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { beginsTar, readTar, type TarReading } from '#main/encodings/tar/tar.ts';

interface Odd {
  readonly name?: string;
  readonly prefix?: string;
  readonly type?: string;
  readonly magic?: string;
  readonly size?: string | Uint8Array;
  readonly checksum?: number;
  readonly data?: string;
}

/** One header, laid out by hand as POSIX has it, and its bytes. */
function member({ data = '', ...odd }: Odd): Buffer {
  const header = Buffer.alloc(512);
  header.write(odd.name ?? 'a', 0, 'utf8');
  header.write('0000644\0', 100);
  if (typeof odd.size === 'object') header.set(odd.size, 124);
  else header.write(odd.size ?? `${data.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(odd.type ?? '0', 156);
  header.write(odd.magic ?? 'ustar\x0000', 257);
  header.write(odd.prefix ?? '', 345);
  header.write('        ', 148);
  const sum = odd.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(data.length / 512) * 512);
  body.write(data, 'latin1');
  return Buffer.concat([header, body]);
}

const END = Buffer.alloc(1024);
const read = (...parts: readonly Buffer[]): Promise<TarReading> =>
  readTar(memorySource(Uint8Array.from(Buffer.concat(parts)), 'x.tar'));
const namesOf = ({ members }: TarReading): readonly string[] => members.map(({ name }) => name);

describe('a tar archive', () => {
  it('lists its members with the places of their bytes', async () => {
    expect(
      await read(member({ name: 'one', data: 'x'.repeat(600) }), member({ name: 'two', data: 'y' }), END),
    ).toEqual({
      members: [
        { name: 'one', headerOffset: 0, offset: 512, byteLength: 600, isFile: true, isChecked: true },
        { name: 'two', headerOffset: 1536, offset: 2048, byteLength: 1, isFile: true, isChecked: true },
      ],
      end: 2560,
    });
  });

  it('ends at zeros: what follows is not part of it', async () => {
    expect(namesOf(await read(member({ name: 'in' }), END, member({ name: 'out' })))).toEqual(['in']);
  });

  it('may end without zeros', async () => {
    const reading = await read(member({ name: 'in' }));
    expect(namesOf(reading)).toEqual(['in']);
    expect(reading.fault).toBeUndefined();
  });

  it('has names with a prefix in POSIX form, and none in the form of GNU', async () => {
    const reading = await read(
      member({ name: 'b', prefix: 'a' }),
      member({ name: 'b', prefix: 'a', magic: 'ustar  \0' }),
      END,
    );
    expect(namesOf(reading)).toEqual(['a/b', 'b']);
  });

  it('has long names in headers of their own', async () => {
    const long = 'n'.repeat(300);
    const pax = `${(long.length + 10).toString()} path=${long}\n`;
    const reading = await read(
      member({ type: 'L', data: `${long}\0` }),
      member({ name: 'cut' }),
      member({ type: 'x', data: pax }),
      member({ name: 'cut' }),
      member({ name: 'own' }),
      END,
    );
    expect(namesOf(reading)).toEqual([long, long, 'own']);
  });

  it('takes a length from a pax header', async () => {
    const reading = await read(
      member({ type: 'x', data: '10 size=3\n' }),
      member({ size: '00000000000\0' }),
      Buffer.from('abc'.padEnd(512, '\0')),
      member({ name: 'next' }),
      END,
    );
    expect(reading.members.map(({ name, byteLength }) => [name, byteLength])).toEqual([
      ['a', 3],
      ['next', 0],
    ]);
  });

  it('takes a length in binary, as GNU has it beyond 8 GiB', async () => {
    const size = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 5);
    const { members, fault } = await read(member({ size }), END);
    expect(members[0]!.byteLength).toBe(2 * 2 ** 32 + 5);
    expect(fault?.message).toBe('the tar archive is cut short: a member reaches beyond its end');
  });

  it('tells files from folders and links', async () => {
    const reading = await read(member({ type: '5' }), member({ type: '2' }), member({ type: '\0' }), END);
    expect(reading.members.map(({ isFile }) => isFile)).toEqual([false, false, true]);
  });

  it('marks a header that does not have its checksum', async () => {
    const reading = await read(member({ checksum: 1 }), member({}), END);
    expect(reading.members.map(({ isChecked }) => isChecked)).toEqual([false, true]);
  });

  it.each([
    ['letters', 'zz'],
    ['more than 2^53', Uint8Array.of(0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['a negative number', Uint8Array.of(0xff, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)],
  ])('ends at a header whose length is %s', async (_, size) => {
    const { members, end, fault } = await read(member({ name: 'good' }), member({ size }), END);
    expect(members.map(({ name }) => name)).toEqual(['good']);
    expect([end, fault?.code, fault?.fields.offset]).toEqual([512, 'corrupt', 512]);
  });

  it('reads no extended header beyond the limit', async () => {
    const { fault } = await read(member({ type: 'x', data: 'x'.repeat(64 * 1024 + 1) }), member({}), END);
    expect(fault).toMatchObject({
      code: 'limit',
      message: 'an extended header of the tar archive is longer than we read',
    });
  });

  it('reads no more headers than the limit', async () => {
    const header = member({});
    const { fault, members } = await read(Buffer.alloc(100_001 * 512, header));
    expect(fault).toMatchObject({ code: 'limit', fields: { expected: 'at most 100000' } });
    expect(members).toHaveLength(100_000);
  });

  it('is told by its magic', () => {
    expect(beginsTar(member({}))).toBe(true);
    expect(beginsTar(member({ magic: 'ustar  \0' }))).toBe(true);
    expect(beginsTar(END)).toBe(false);
    expect(beginsTar(new Uint8Array(10))).toBe(false);
  });
});
