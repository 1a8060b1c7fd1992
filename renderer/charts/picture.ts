/**
 * All canvases below an element as one PNG on the page's own surface, as they lie on the screen.
 * @returns undefined where there is nothing to see.
 */
export function pictureOf(element: HTMLElement): Promise<Blob | undefined> {
  const frame = element.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  const whole = document.createElement('canvas');
  whole.width = Math.round(frame.width * scale);
  whole.height = Math.round(frame.height * scale);
  const context = whole.getContext('2d');
  if (!context || whole.width === 0 || whole.height === 0) return Promise.resolve(undefined);
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, whole.width, whole.height);
  context.imageSmoothingEnabled = false;
  for (const part of element.querySelectorAll('canvas')) {
    const box = part.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    context.drawImage(
      part,
      (box.left - frame.left) * scale,
      (box.top - frame.top) * scale,
      box.width * scale,
      box.height * scale,
    );
  }
  return new Promise((resolve) => {
    whole.toBlob((blob) => resolve(blob ?? undefined), 'image/png');
  });
}
