/** Hands a file made by the page to the person, by the host's own way of saving downloads. */
export function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // the download has begun by then; the address would otherwise live as long as the page
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A tensor's name as part of a file name: what file systems refuse becomes a hyphen. */
export function fileNameOf(text: string): string {
  const safe = text.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '');
  return safe.slice(0, 80) || 'tensor';
}
