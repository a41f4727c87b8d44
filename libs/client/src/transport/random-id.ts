/** Returns a name of 128 random bits. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
