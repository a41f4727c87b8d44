import { randomBytes } from 'node:crypto';

const TYPE_AT = '{"t":"'.length;
const [I, E] = [...'ie'].map((char) => char.charCodeAt(0));
const [END] = [...'n'].map((char) => char.charCodeAt(0));
const WINDOW = 64;
const ID_BYTES = 16;

const newCallId = () => randomBytes(ID_BYTES).toString('base64url');

/** The frames of a call with a stream of items. */
const itemsOf = (method) => ({
  path: '/streams',
  hello: (index) => [
    JSON.stringify({ t: 'hello', v: 1, client: `bench-client-${String(index).padStart(12, '0')}` }),
    JSON.stringify({ t: 'open', id: 1, endpoint: 'tokens' }),
  ],
  isReady: (text) => text.startsWith('{"t":"opened"'),
  request: (id, data) =>
    JSON.stringify({
      t: 'call',
      id,
      stream: 'tokens',
      method,
      callId: newCallId(),
      window: WINDOW,
      type: 'bench.prompt',
      data,
    }),
  isItem: (bytes, at) => bytes[at + TYPE_AT] === I,
  isEnd: (bytes, at) => bytes[at + TYPE_AT] === E && bytes[at + TYPE_AT + 1] === END,
  tokenOf: (text) => JSON.parse(text).data.text,
  // As our client does: when half of the window is consumed.
  creditAfter: WINDOW / 2,
  credit: (call, consumed) => JSON.stringify({ t: 'credit', call, consumed }),
});

/** Items of a call, and those of a call that a client can resume. */
export const itemsDialect = itemsOf('tokens');
export const storedDialects = { items: itemsOf('stored'), tokens: itemsOf('stored') };
