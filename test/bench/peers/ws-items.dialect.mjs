const EVENT_AT = '{"event":"'.length;
const [T, E] = [...'te'].map((char) => char.charCodeAt(0));

const dialect = {
  path: '/',
  hello: () => [],
  isReady: undefined,
  request: (_id, data) => JSON.stringify({ event: 'prompt', data }),
  isItem: (bytes, at) => bytes[at + EVENT_AT] === T,
  isEnd: (bytes, at) => bytes[at + EVENT_AT] === E,
  tokenOf: (text) => JSON.parse(text).data.text,
};

/** Tokens as events. */
export const dialects = { items: dialect, tokens: dialect };
