import { BAD_NOTE, NOTE } from '../note.mjs';

const EVENT = '42';
const EVENT_AT = '42["'.length;
const [FOUR, TWO, NOTE_EVENT] = [...'42n'].map((char) => char.charCodeAt(0));

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

/** The frames of a client in each workload, and the marks of an answer in its bytes. */
export const dialects = { echo: dialect, 'fan-out': dialect, cluster: dialect, idle: dialect };
