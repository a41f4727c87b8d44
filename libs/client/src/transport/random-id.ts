const BYTES = 16;

/** Returns 128 random bits in base64url: 22 characters. */
export function randomId(): string {
  const text = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(BYTES))));
  return text.slice(0, 22).replace(/\W/g, (sign) => (sign === '+' ? '-' : '_'));
}
