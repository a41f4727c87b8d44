import { NOTE, SENT_AT } from '../note.mjs';
import { replyDialect } from './nestwire-call.dialect.mjs';
import { itemsDialect } from './nestwire-items.dialect.mjs';

const MESSAGE = 'm'.charCodeAt(0);
const PUBLICATION = 'pu';
const TYPE_AT = '{"t":"'.length;
const [P, U] = [...PUBLICATION].map((char) => char.charCodeAt(0));
const SUBSCRIBED = 's'.charCodeAt(0);
const OPEN_ID = 1;

/** As our client writes it: a date carries its tag. */
const data = { ...NOTE, sentAt: { $date: SENT_AT } };

const message = (endpoint, properties) => (id) =>
  JSON.stringify({ t: 'message', id, stream: endpoint, type: 'bench.note', data: properties });

const isMessage = (bytes, at) => bytes[at + TYPE_AT] === MESSAGE;
const isPublication = (bytes, at) => bytes[at + TYPE_AT] === P && bytes[at + TYPE_AT + 1] === U;

const dialectOf = (endpoint, isAnswer) => ({
  path: '/streams',
  hello: () => [JSON.stringify({ t: 'hello', v: 1 }), JSON.stringify({ t: 'open', id: OPEN_ID, endpoint })],
  isReady: (text) => text.startsWith('{"t":"opened"'),
  note: message(endpoint, data),
  badNote: message(endpoint, { ...data, text: 7 }),
  isAnswer,
  isRefusal: (text) => text.startsWith('{"t":"error"'),
  dataOf: (text) => {
    const { data: answered } = JSON.parse(text);
    return { ...answered, sentAt: answered.sentAt.$date };
  },
});

const isSubscribed = (bytes, at) => bytes[at + TYPE_AT] === SUBSCRIBED && bytes[at + TYPE_AT + 1] === U;

/** Of a client that goes, and comes back with what it holds. */
const rejoinOf = (endpoint) => ({
  ...dialectOf(endpoint, isPublication),
  replays: true,
  hello: (_index, held, client) => [
    JSON.stringify({
      t: 'hello',
      v: 1,
      client,
      ...(held?.resumeToken && { resume: [heldIn(endpoint, held)] }),
    }),
    JSON.stringify({ t: 'open', id: OPEN_ID, endpoint }),
  ],
  isBack: isSubscribed,
  backOf: (text) => {
    const { channel, resumeToken, position = [] } = JSON.parse(text);
    return { channel, resumeToken, epoch: position[0] };
  },
  placeOf: (text) => {
    const { offset, id } = JSON.parse(text);
    return { offset, id };
  },
});

const heldIn = (endpoint, { channel, resumeToken, epoch, offset, id }) => [
  endpoint,
  channel,
  resumeToken,
  epoch,
  offset,
  id,
];

const followOf = (endpoint) => ({ ...dialectOf(endpoint, isPublication), isBack: isSubscribed });

const echo = dialectOf('echo', isMessage);
const fanOut = dialectOf('fan-out', isPublication);

/** The frames of a client in each workload, and the marks of an answer in its bytes. */
export const dialects = {
  echo,
  reply: replyDialect,
  items: itemsDialect,
  tokens: itemsDialect,
  'fan-out': fanOut,
  cluster: fanOut,
  rejoin: { ...rejoinOf('fan-out'), replays: false },
  follow: followOf('follow'),
  churn: dialectOf('churn', isMessage),
  idle: {
    ...echo,
    // Each signs in as a user of its own.
    hello: (index) => [
      JSON.stringify({ t: 'hello', v: 1, token: `user-${index}` }),
      ...echo.hello().slice(1),
    ],
  },
};

/** The same where listeners forward what they receive, as messages of their streams. */
export const forwardDialect = dialectOf('forward', isMessage);

const recoverable = dialectOf('recoverable', isPublication);

/** The same on a channel with history: each client could come back to where it was. */
export const recoverableDialects = {
  'fan-out': recoverable,
  cluster: recoverable,
  rejoin: rejoinOf('recoverable'),
  follow: followOf('follow-recoverable'),
};

/** The same where the one that posts waits for each post. */
export const awaitDialect = dialectOf('await', isPublication);
