const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const SIX_BITS = 63;

/** Writes bytes as base64 with padding (RFC 4648 §4); btoa is not everywhere. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += ALPHABET[bits >> 18]! + ALPHABET[(bits >> 12) & SIX_BITS]!;
    text += left > 1 ? ALPHABET[(bits >> 6) & SIX_BITS]! : '=';
    text += left > 2 ? ALPHABET[bits & SIX_BITS]! : '=';
  }
  return text;
}

/** Reads base64 with padding; returns undefined when the text is not that. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, to = 0; at < text.length; at += 4) {
    let bits = 0;
    for (let i = 0; i < 4; i++) bits = (bits << 6) | Math.max(0, ALPHABET.indexOf(text[at + i]!));
    bytes[to++] = bits >> 16;
    bytes[to++] = bits >> 8;
    bytes[to++] = bits;
  }
  return bytes;
}
