const NAME = /^step-(\d{6,15})\.safetensors$/;

/** `step-000100.safetensors`. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}.safetensors`;
}

/** The step of a checkpoint's base name; undefined for any other file. */
export function stepOfName(name: string): number | undefined {
  const match = NAME.exec(name);
  if (!match) return undefined;
  const step = Number(match[1]);
  return checkpointName(step) === name ? step : undefined;
}
