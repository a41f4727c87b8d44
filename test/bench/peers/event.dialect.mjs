import { BAD_NOTE, NOTE, RECEIPT } from '../note.mjs';

const EVENT_AT = '{"event":"'.length;
const NOTE_EVENT = 'n'.charCodeAt(0);

/** The envelope of Nest's WsAdapter, which the bare servers speak too. */
export const eventDialect = {
  path: '/',
  hello: () => [],
  // Ready as soon as it is connected.
  isReady: undefined,
  note: () => JSON.stringify({ event: 'note', data: NOTE }),
  badNote: () => JSON.stringify({ event: 'note', data: BAD_NOTE }),
  isAnswer: (bytes, at) => bytes[at + EVENT_AT] === NOTE_EVENT,
  isRefusal: (text) => text.startsWith('{"event":"exception"'),
  dataOf: (text) => JSON.parse(text).data,
};

/** The frames of a client in each workload, and the marks of an answer in its bytes. */
export const dialects = {
  echo: eventDialect,
  reply: { ...eventDialect, answer: RECEIPT },
  'fan-out': eventDialect,
  cluster: eventDialect,
  idle: eventDialect,
  // Opened, and answered when the session's objects are there.
  churn: {
    ...eventDialect,
    hello: () => ['{"event":"open"}'],
    isReady: (text) => text === '{"event":"ready"}',
  },
};
