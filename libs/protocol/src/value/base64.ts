// All platforms with WebSocket have atob and btoa, Node since 16.

/** Encodes bytes as base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * Decodes base64.
 *
 * @throws {DOMException} when the text is malformed
 */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (const at of bytes.keys()) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
