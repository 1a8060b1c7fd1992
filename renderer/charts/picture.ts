/**
 * A picture as a PNG: its title, and all canvases below the element as they lie on the screen, on the page's own surface.
 * Texts that belong to it, such as the numbers of a scale, are marked with `data-picture-text`.
 * @returns undefined where there is nothing to see.
 */
export function pictureOf(element: HTMLElement, title: string): Promise<Blob | undefined> {
  const frame = element.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  const whole = document.createElement('canvas');
  whole.width = Math.round((frame.width + 2 * MARGIN) * scale);
  whole.height = Math.round((frame.height + TITLE + 2 * MARGIN) * scale);
  const context = whole.getContext('2d');
  if (!context || frame.width === 0 || frame.height === 0) return Promise.resolve(undefined);
  const page = getComputedStyle(document.body);
  context.fillStyle = page.backgroundColor;
  context.fillRect(0, 0, whole.width, whole.height);
  context.imageSmoothingEnabled = false;
  context.scale(scale, scale);
  context.textBaseline = 'middle';
  context.fillStyle = page.color;
  context.font = `600 13px ${page.fontFamily}`;
  context.fillText(title, MARGIN, MARGIN + TITLE / 2 - 4);
  context.translate(MARGIN - frame.left, MARGIN + TITLE - frame.top);
  for (const part of element.querySelectorAll('canvas')) {
    const { left, top, width, height } = part.getBoundingClientRect();
    if (width > 0 && height > 0) context.drawImage(part, left, top, width, height);
  }
  for (const part of element.querySelectorAll<HTMLElement>('[data-picture-text]')) {
    const { left, top, height } = part.getBoundingClientRect();
    const { color, fontSize, fontFamily } = getComputedStyle(part);
    context.fillStyle = color;
    context.font = `${fontSize} ${fontFamily}`;
    context.fillText(part.textContent.trim(), left, top + height / 2);
  }
  return new Promise((resolve) => {
    whole.toBlob((blob) => resolve(blob ?? undefined), 'image/png');
  });
}

/** CSS pixels. */
const MARGIN = 16;
const TITLE = 24;
