import { SseClient } from '../load/http-client.mjs';

const dialect = {
  Client: SseClient,
  path: '/tokens',
  hello: () => [],
  isReady: undefined,
  request: (_id, { count, perSecond }) => `count=${count}&perSecond=${perSecond}`,
  isItem: (bytes, start, end) => bytes.subarray(start, end).includes('data: '),
  isEnd: (_bytes, start, end) => start === end,
  tokenOf: (text) => JSON.parse(text.slice(text.indexOf('data: ') + 'data: '.length)).text,
};

/** Server-sent events. */
export const dialects = { tokens: dialect };
