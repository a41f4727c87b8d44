import { BAD_NOTE, NOTE, RECEIPT } from '../note.mjs';

const ID_AT = '{"id":'.length;
const RESULT = '"result":'.charCodeAt(1);
const COMMA = ','.charCodeAt(0);

const mutation = (input) => (id) =>
  JSON.stringify({ id, method: 'mutation', params: { path: 'receipt', input } });

/** Returns whether the field after the id is the result. */
const isResult = (bytes, at) => {
  let end = at + ID_AT;
  while (bytes[end] !== COMMA) end++;
  return bytes[end + 2] === RESULT;
};

const dialect = {
  path: '/',
  hello: () => [],
  isReady: undefined,
};

const marks = ['data', 'stopped'].map((type) => Buffer.from(`"result":{"type":"${type}"`));
const has = (mark) => (bytes, start, end) => bytes.subarray(start, end).includes(mark);

/** A subscription; tRPC has no flow control. */
const items = {
  ...dialect,
  request: (id, input) => JSON.stringify({ id, method: 'subscription', params: { path: 'tokens', input } }),
  isItem: has(marks[0]),
  isEnd: has(marks[1]),
  tokenOf: (text) => JSON.parse(text).result.data.text,
};

/** The messages of tRPC's client over a WebSocket. */
export const dialects = {
  items,
  tokens: items,
  reply: {
    ...dialect,
    note: mutation(NOTE),
    badNote: mutation(BAD_NOTE),
    isAnswer: isResult,
    isRefusal: (text) => text.includes('"error":'),
    answer: RECEIPT,
    dataOf: (text) => JSON.parse(text).result.data,
  },
};
