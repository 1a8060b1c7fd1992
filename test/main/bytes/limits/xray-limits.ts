import { oddZip } from '#test/kit/odd-zip.ts';
import { toldByXray, type FileToOpen } from '#test/kit/told-of.ts';
import { latin1, type LimitCase, type LimitName } from '#test/main/bytes/limits/limit-case.ts';

function whenLookedInto(limit: LimitName, lowered: number, file: FileToOpen, message: string): LimitCase {
  return { limit, lowered, told: () => toldByXray(file), message };
}

const call = 'cos\nsystem\n)R';
const archive = (data: Uint8Array) => oddZip([{ name: 'x', data }]);
const two = oddZip(['a', 'b'].map((name) => ({ name, data: latin1('N.') })));

export const XRAY_LIMITS: readonly LimitCase[] = [
  whenLookedInto(
    'XRAY_IMPORTS',
    3,
    { f: latin1(`\x80\x02(${'cmath\nsin\n'.repeat(4)}t.`) },
    'the file imports more names than are listed, which is at most 3',
  ),
  whenLookedInto(
    'XRAY_CALLS',
    2,
    { f: latin1(`\x80\x02${call}0${call}0${call}.`) },
    'f makes more calls than are listed',
  ),
  whenLookedInto(
    'XRAY_DEPTH',
    2,
    { f: archive(archive(archive(latin1('N.')))) },
    'x › x is an archive within more archives than we look into',
  ),
  whenLookedInto(
    'XRAY_STREAMS',
    5,
    { f: oddZip(['z1', 'z2'].map((name) => ({ name, data: two }))) },
    'the file has more parts than we look into',
  ),
  whenLookedInto(
    'XRAY_SEARCH_BYTES',
    40,
    'flax/plain.msgpack',
    'plain.msgpack was searched for pickles in its first 40 bytes only',
  ),
  whenLookedInto(
    'XRAY_PACKED_BYTES',
    300,
    'pickled/packed.pkl.gz',
    'packed.pkl.gz is compressed and too long to be unpacked here',
  ),
  whenLookedInto(
    'XRAY_UNPACKED_BYTES',
    300,
    'pickled/packed.pkl.gz',
    'packed.pkl.gz unpacks to more than 300 bytes and is not looked into',
  ),
  whenLookedInto(
    'XRAY_PART_BYTES',
    20,
    { f: oddZip([{ name: 'code/net.py', data: latin1('def forward(self): return self\n') }]) },
    '20 characters of code',
  ),
  whenLookedInto(
    'PICKLED_CODE_BYTES',
    40,
    'torch-pickles/lone.pkl',
    'bytes that lone.pkl hands to a call could not be looked into',
  ),
];
