/** A resolved colour (`rgb(31, 95, 191)`) with this share of its strength, for areas that lie over others. */
export function translucent(colour: string, share: number): string {
  const parts = /^rgba?\(([^)]+)\)$/.exec(colour)?.[1]?.split(/[\s,/]+/);
  if (!parts || parts.length < 3) return colour;
  return `rgba(${parts.slice(0, 3).join(', ')}, ${share})`;
}
