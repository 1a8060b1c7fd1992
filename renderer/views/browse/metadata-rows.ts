/** Metadata as rows of a tree. Pure. */
import type { MetadataValue } from '#shared/checkpoint.ts';
import { escapeName, formatCount, formatFull } from '#shared/display.ts';

export interface MetadataRow {
  /** The way to it, unique. */
  readonly key: string;
  readonly name: string;
  /** One line, cut where it is long. */
  readonly text: string;
  readonly value: MetadataValue;
  /** From 1. */
  readonly level: number;
  /** Undefined for what holds nothing further. */
  readonly isExpanded: boolean | undefined;
}

/** A line of a table; the whole is shown beneath. */
const LONGEST_LINE = 300;
/** Containers with fewer entries are open at first. */
const OPEN_BELOW = 12;

export function metadataRows(
  metadata: MetadataValue,
  isExpanded: (key: string) => boolean,
  level = 1,
  above = '',
): MetadataRow[] {
  return entriesOf(metadata).flatMap(([name, value]) => {
    // JSON keeps names with separators in them apart
    const key = `${above}${JSON.stringify(name)}`;
    const isOpen = entriesOf(value).length > 0 ? isExpanded(key) : undefined;
    const row = { key, name: escapeName(name), text: lineOf(value), value, level, isExpanded: isOpen };
    return isOpen ? [row, ...metadataRows(value, isExpanded, level + 1, `${key} `)] : [row];
  });
}

/** Small containers at the top, so that short metadata are read without a click. */
export function openAtFirst(metadata: MetadataValue): string[] {
  return entriesOf(metadata).flatMap(([name, value]) => {
    const { length } = entriesOf(value);
    return length > 0 && length < OPEN_BELOW ? [JSON.stringify(name)] : [];
  });
}

/** The whole of a value as text; texts keep their lines, containers are indented. */
export function fullText(value: MetadataValue): string {
  if (typeof value === 'string') return value.split('\n').map(escapeName).join('\n');
  if (typeof value !== 'object' || value === null) return lineOf(value);
  const plain = JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === 'bigint' ? `${item}` : item),
    2,
  );
  return plain.split('\n').map(safeLine).join('\n');
}

/** JSON has escaped what it must; what could turn the line around it has not. */
function safeLine(line: string): string {
  return escapeName(line).replaceAll('\\\\', '\\');
}

function entriesOf(value: MetadataValue): [string, MetadataValue][] {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function lineOf(value: MetadataValue): string {
  if (value === null) return 'none';
  if (typeof value === 'string') {
    return escapeName(value.length > LONGEST_LINE ? `${value.slice(0, LONGEST_LINE)}…` : value);
  }
  if (typeof value === 'number' || typeof value === 'bigint') return formatFull(value);
  if (typeof value === 'boolean') return String(value);
  const { length } = entriesOf(value);
  return Array.isArray(value)
    ? `list of ${formatCount(length)}`
    : length === 1
      ? '1 entry'
      : `${formatCount(length)} entries`;
}
