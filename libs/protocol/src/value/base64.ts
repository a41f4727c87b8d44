// atob and btoa are no part of the DOM alone: every platform that has WebSocket has them, Node since 16.

/** Writes bytes as base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * Reads base64.
 *
 * @throws {DOMException} when the text is not that
 */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (const at of bytes.keys()) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
