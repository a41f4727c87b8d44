import { HttpClient, postRequest } from '../load/http-client.mjs';
import { BAD_NOTE, NOTE, RECEIPT } from '../note.mjs';

const PATH = '/receipt';
const STATUS_AT = 'HTTP/1.1 '.length;
const TWO = '2'.charCodeAt(0);

/** Requests of HTTP on connections that are kept alive. */
export const dialects = {
  reply: {
    Client: HttpClient,
    frameOf: postRequest(PATH),
    path: PATH,
    hello: () => [],
    isReady: undefined,
    note: () => JSON.stringify(NOTE),
    badNote: () => JSON.stringify(BAD_NOTE),
    isAnswer: (bytes, at) => bytes[at + STATUS_AT] === TWO,
    isRefusal: (text) => text.startsWith('HTTP/1.1 400'),
    answer: RECEIPT,
    dataOf: (text) => JSON.parse(text.slice(text.indexOf('\r\n\r\n'))),
  },
};
