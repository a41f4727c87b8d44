const SLOTS = 16_384;

/** Returns the Cluster slot of a key without a hash tag: its CRC-16/XMODEM. */
export function slotOf(key: string): number {
  let crc = 0;
  for (let i = 0; i < key.length; i++) {
    crc ^= key.charCodeAt(i) << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % SLOTS;
}
