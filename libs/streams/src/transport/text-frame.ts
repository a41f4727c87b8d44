const FIN_TEXT = 0x81;
const SHORT_LENGTH_MARK = 126;
const LONG_LENGTH_MARK = 127;
const MAX_SHORT = 0xffff;

/**
 * Returns the bytes of one unmasked WebSocket text frame (RFC 6455 §5.2).
 *
 * The header is built once, so that the same bytes serve every receiver.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < SHORT_LENGTH_MARK ? 2 : length <= MAX_SHORT ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = FIN_TEXT;
  if (headerLength === 2) {
    frame[1] = length;
  } else if (headerLength === 4) {
    frame[1] = SHORT_LENGTH_MARK;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LONG_LENGTH_MARK;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  frame.write(text, headerLength, 'utf8');
  return frame;
}
