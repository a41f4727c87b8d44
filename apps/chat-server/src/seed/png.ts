import { crc32, deflateSync } from 'node:zlib';

/** A colour: red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const [DEPTH, RGB, UP] = [8, 2, 2];

/** Draws a PNG image; `colourAt` returns the colour of each pixel. */
export function drawPng(width: number, height: number, colourAt: (x: number, y: number) => Colour): Buffer {
  const row = width * 3 + 1;
  const pixels = Buffer.alloc(height * row);
  let above = Buffer.alloc(row);
  for (let y = 0; y < height; y++) {
    const line = Buffer.alloc(row);
    for (let x = 0; x < width; x++) line.set(colourAt(x, y), 1 + x * 3);
    // Each byte is stored as the difference to the one above, which compresses well.
    for (let at = 1; at < row; at++) pixels[y * row + at] = line[at]! - above[at]!;
    pixels[y * row] = UP;
    above = line;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([DEPTH, RGB], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, check]);
}
