import { FIRST_ID, RING_SIZE } from '../../rig/client-frame.mjs';
import { NOTE, RECEIPT, SENT_AT } from '../note.mjs';

const DATA = { ...NOTE, sentAt: { $date: SENT_AT } };
const OPEN_ID = 1;
const TYPE_AT = '{"t":"'.length;
const CALL_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const WINDOW = 64;
const [ZERO, NINE] = [...'09'].map((char) => char.charCodeAt(0));
const [R, M, A] = [...'rma'].map((char) => char.charCodeAt(0));

const dialectOf = (endpoint) => ({
  path: '/streams',
  hello: (index) => [
    JSON.stringify({ t: 'hello', v: 1, client: `bench-client-${String(index).padStart(12, '0')}` }),
    JSON.stringify({ t: 'open', id: OPEN_ID, endpoint }),
  ],
  isReady: (text) => text.startsWith('{"t":"opened"'),
  isRefusal: (text) => text.startsWith('{"t":"error"'),
  answer: RECEIPT,
  dataOf: (text) => JSON.parse(text).data,
});

const call = (method, data) => (id) =>
  JSON.stringify({
    t: 'call',
    id,
    stream: 'reply',
    method,
    callId: CALL_ID,
    window: WINDOW,
    type: 'bench.note',
    data,
  });

const callOf = (method) => ({
  ...dialectOf('reply'),
  note: call(method, DATA),
  badNote: call(method, { ...DATA, text: 7 }),
  isAnswer: (bytes, at) => bytes[at + TYPE_AT] === R,
});

const messageTo = (endpoint) => {
  const message = (data) => (id) =>
    JSON.stringify({ t: 'message', id, stream: endpoint, type: 'bench.note', data });
  return {
    ...dialectOf(endpoint),
    note: message(DATA),
    badNote: message({ ...DATA, text: 7 }),
    isAnswer: (bytes, at) => bytes[at + TYPE_AT] === M,
  };
};

/** Calls with a small reply. */
export const replyDialect = callOf('receipt');

/** Calls without a reply message. */
export const voidDialects = { reply: { ...callOf('nothing'), answer: undefined } };

/** Messages that are answered by a message of the stream. */
export const sendDialects = { reply: messageTo('send') };

/** Counts the messages that an `ack` answers: all up to its id. */
const ackCounter = () => {
  let lastId = FIRST_ID - 1;
  return (bytes, start, end) => {
    if (bytes[start + TYPE_AT] !== A) return 0;
    const id = idAtEnd(bytes, end - 2);
    const count = (id - lastId + RING_SIZE) % RING_SIZE || RING_SIZE;
    lastId = id;
    return count;
  };
};

/** Reads the number whose last digit is at `last`. */
const idAtEnd = (bytes, last) => {
  let id = 0;
  for (let at = last, unit = 1; bytes[at] >= ZERO && bytes[at] <= NINE; at--, unit *= 10)
    id += (bytes[at] - ZERO) * unit;
  return id;
};

const ack = {
  ...messageTo('ack'),
  answer: undefined,
  isAnswer: (bytes, at) => bytes[at + TYPE_AT] === A,
  answerCounter: ackCounter,
};

/** Messages that are acknowledged. */
export const ackDialects = { reply: ack };
