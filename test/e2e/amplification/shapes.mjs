// Attacks whose frames are generated: the same seed makes the same shapes.
import { mutatedFrame, oddValue } from '../../fuzz/grammar.mjs';
import { Random } from '../../fuzz/random.mjs';

const ENDPOINTS = ['desk', 'desk', 'desk', 'once', 'room', 'shut', 'members', 'nowhere'];
/** The fields of each message class of the server; another endpoint than its own refuses it unread. */
const FIELDS = {
  'amp.note': ['text'],
  'amp.once': ['count'],
  'amp.order': ['items'],
  'amp.numbers': ['numbers'],
  'amp.contact': ['email'],
  'amp.form': Array.from({ length: 30 }, (_, index) => `field${index}`),
};
/** Characters of one to four bytes, and those that JSON writes with six. */
const LETTERS = ['x', '"', '\\', '\u0001', '\u2028', '\u00e9', '\u20ac', '\ud83d\ude00', '\ud800', '.', '@'];
const RATES = [20, 190, 190, 500];
const MAX_TEXT_BYTES = 40_000;

/**
 * Makes attacks from a seed.
 *
 * @param {number} seed
 * @param {number} count
 * @returns {import('./attacks.mjs').Attack[]}
 */
export function generatedAttacks(seed, count) {
  return Array.from({ length: count }, (_, index) => generatedAttack(seed, index));
}

/** @returns {import('./attacks.mjs').Attack} */
function generatedAttack(seed, index) {
  const random = new Random(seed + index);
  const kind = random.weighted({ odd: 3, unknown: 2, text: 3, list: 3, deep: 1, name: 2, frame: 2 });
  const form = random.pick(/** @type {const} */ (['json', 'json', 'packed', 'deflate']));
  const { what, frame } = SHAPES[kind](random);
  return {
    name: `seed ${seed + index}: ${what}, ${form}`,
    form,
    framesPerSecond: random.pick(RATES),
    frame,
  };
}

/** Each returns what its frames have in common, and makes them. */
const SHAPES = {
  odd(random) {
    const type = random.pick(Object.keys(FIELDS));
    const data = Object.fromEntries(FIELDS[type].map((field) => [field, oddValue(random)]));
    return fixed(`odd values in ${type}`, messageOf(random, type, data));
  },
  unknown(random) {
    const length = 1 + random.below(60);
    const names = Array.from({ length: 1 + random.below(240) }, (_, at) => at + textOf(random, length));
    const data = Object.fromEntries(names.map((name) => [name, 1]));
    return fixed(`${names.length} unknown properties`, messageOf(random, 'amp.note', data));
  },
  text(random) {
    const [type, field] = random.pick([
      ['amp.note', 'text'],
      ['amp.contact', 'email'],
      ['amp.form', 'field0'],
    ]);
    const text = textOf(random, random.below(MAX_TEXT_BYTES));
    const data = { [field]: text };
    return fixed(`${Buffer.byteLength(text)} bytes of text in ${type}`, messageOf(random, type, data));
  },
  list(random) {
    const [type, field, most] = random.pick([
      ['amp.order', 'items', 1_900],
      ['amp.numbers', 'numbers', 9_900],
    ]);
    const item = random.pick([0, '', null, {}, [], { name: 1 }, { count: 'x' }, { name: 'x', count: 1 }]);
    const length = random.below(most);
    const data = { [field]: Array.from({ length }, () => item) };
    return fixed(`${length} times ${JSON.stringify(item)} in ${type}`, messageOf(random, type, data));
  },
  deep(random) {
    const depth = random.below(60);
    const width = 1 + random.below(4);
    const type = random.pick(Object.keys(FIELDS));
    const data = { [FIELDS[type][0]]: nested(depth, width) };
    return fixed(`${depth} levels in ${type}`, messageOf(random, type, data));
  },
  name(random) {
    const name = textOf(random, random.below(2_000));
    const t = random.pick(['open', 'close', 'message']);
    const of = random.pick([t === 'open' ? 'endpoint' : 'stream', 'type']);
    const frame = { ...messageOf(random, 'amp.note', { text: 'x' }), endpoint: 'desk', t, [of]: name };
    return fixed(`${t} with ${Buffer.byteLength(name)} bytes of ${of}`, frame);
  },
  frame(random) {
    const base = messageOf(random, 'amp.note', { text: 'x' });
    return { what: 'mutated frames', frame: (id) => mutatedFrame(random, { ...base, id }) };
  },
};

function fixed(what, frame) {
  return { what, frame: (id) => ({ ...frame, id }) };
}

function messageOf(random, type, data) {
  return { t: 'message', id: 0, stream: random.pick(ENDPOINTS), type, data };
}

/** Returns a text of letters of one kind, or of all. */
function textOf(random, maxBytes) {
  if (random.once(3)) return Array.from({ length: maxBytes / 4 }, () => random.pick(LETTERS)).join('');
  const letter = random.pick(LETTERS);
  return letter.repeat(maxBytes / Buffer.byteLength(letter));
}

function nested(depth, width) {
  /** @type {unknown} */
  let value = 0;
  for (let level = 0; level < depth; level++)
    value = Array.from({ length: level ? 1 : width }, () => (level % 2 ? { a: value } : [value]));
  return value;
}
