import { BAD_NOTE, NOTE, RECEIPT } from '../note.mjs';

const EVENT = '42';
const ACKNOWLEDGED = '43';
const EVENT_AT = '42["'.length;
const [FOUR, TWO, THREE, NOTE_EVENT] = [...'423n'].map((char) => char.charCodeAt(0));

/** The texts of Socket.IO's client over a WebSocket: `0` opens, `40` connects, `42` is an event. */
const dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  hello: () => ['40'],
  isReady: (text) => text.startsWith('40'),
  note: () => `${EVENT}${JSON.stringify(['note', NOTE])}`,
  badNote: () => `${EVENT}${JSON.stringify(['note', BAD_NOTE])}`,
  isAnswer: (bytes, at) => bytes[at] === FOUR && bytes[at + 1] === TWO && bytes[at + EVENT_AT] === NOTE_EVENT,
  isRefusal: (text) => text.startsWith(`${EVENT}["exception"`),
  dataOf: (text) => JSON.parse(text.slice(EVENT.length))[1],
};

/** The frames of `emitWithAck`: an event with an id, and `43` with the same id and the reply. */
const reply = {
  ...dialect,
  note: (id) => `${EVENT}${id}${JSON.stringify(['note', NOTE])}`,
  isAnswer: (bytes, at) => bytes[at] === FOUR && bytes[at + 1] === THREE,
  answer: RECEIPT,
  dataOf: (text) => JSON.parse(text.slice(text.indexOf('[', ACKNOWLEDGED.length)))[0],
};

/** The frames of a client in each workload, and the marks of an answer in its bytes. */
export const dialects = { echo: dialect, reply, 'fan-out': dialect, cluster: dialect, idle: dialect };
