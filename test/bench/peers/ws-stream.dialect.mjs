import { eventDialect } from './event.dialect.mjs';

const EVENT_AT = '{"event":"'.length;
const READY = 'r'.charCodeAt(0);

/** The frames of a client that sends the id of its last message. */
export const dialects = {
  rejoin: {
    ...eventDialect,
    replays: true,
    hello: (_index, held) => [JSON.stringify({ event: 'open', since: held?.since })],
    isReady: (text) => text === '{"event":"ready"}',
    isBack: (bytes, at) => bytes[at + EVENT_AT] === READY,
    backOf: () => ({}),
    placeOf: (text) => ({ since: JSON.parse(text).id }),
  },
};
