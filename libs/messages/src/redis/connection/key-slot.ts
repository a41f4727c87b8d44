const SLOTS = 16_384;

/** Returns the Cluster slot of a key: the CRC-16 of its hash tag, or of all. */
export function slotOf(key: string): number {
  const tagged = hashTagOf(key);
  let crc = 0;
  for (let i = 0; i < tagged.length; i++) {
    crc ^= tagged.charCodeAt(i) << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % SLOTS;
}

/** What stands between the first brace and the next closing one, unless that is nothing. */
function hashTagOf(key: string): string {
  const start = key.indexOf('{') + 1;
  if (start === 0) return key;
  const end = key.indexOf('}', start);
  return end > start ? key.slice(start, end) : key;
}
