import { drawPng, type Colour } from './png.js';

const [WIDTH, HEIGHT, HORIZON] = [960, 540, 330];
const SUN = { x: 610, y: 318, radius: 54 };
const [NIGHT, DAWN, GOLD, SEA, PIER]: readonly Colour[] = [
  [43, 58, 96],
  [232, 142, 112],
  [255, 221, 158],
  [32, 66, 92],
  [22, 30, 42],
];

/** The pictures of the seed, by name; they are drawn when they are needed. */
export const PICTURES = { 'sunrise.png': () => drawPng(WIDTH, HEIGHT, sunrise) } as const;

/** The name of a picture. */
export type PictureName = keyof typeof PICTURES;

/** The sun above the sea, behind a pier. */
function sunrise(x: number, y: number): Colour {
  if (isPier(x, y)) return PIER!;
  const distance = Math.hypot(x - SUN.x, y - SUN.y);
  if (y < HORIZON) {
    if (distance < SUN.radius) return [255, 244, 214];
    const sky = mix(NIGHT!, DAWN!, (y / HORIZON) ** 1.6);
    return mix(sky, GOLD!, Math.max(0, 1 - distance / 320) ** 2);
  }
  const depth = (y - HORIZON) / (HEIGHT - HORIZON);
  const wave = Math.sin(y * 0.9 + Math.sin(x * 0.02) * 3) * 0.5 + 0.5;
  const glitter = Math.max(0, 1 - Math.abs(x - SUN.x) / (40 + depth * 130)) * wave * (1 - depth * 0.6);
  return mix(mix(DAWN!, SEA!, 0.35 + depth * 0.65), GOLD!, glitter);
}

function isPier(x: number, y: number): boolean {
  const deck = HORIZON + 26 + x * 0.035;
  if (x > 420) return false;
  const isPost = x % 70 < 9 && y > deck && y < deck + 62;
  const isLamp = x > 404 && x < 409 && y > deck - 96 && y < deck;
  return isPost || isLamp || (y > deck && y < deck + 13);
}

function mix(a: Colour, b: Colour, part: number): Colour {
  const at = (index: 0 | 1 | 2) => Math.round(a[index] + (b[index] - a[index]) * Math.min(1, part));
  return [at(0), at(1), at(2)];
}
