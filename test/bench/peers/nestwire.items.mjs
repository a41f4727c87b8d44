import { IsInt, IsString } from 'class-validator';
import { StreamMessage } from '@nestwire/protocol';
import { StreamCall, StreamEndpoint, StreamMethod } from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { tokensOf } from './tokens.mjs';

const FOR_MS = 60_000;

/** Asks for tokens. */
const Prompt = decorate(class Prompt {}, {
  decorators: [StreamMessage('bench.prompt')],
  properties: { count: [Number, IsInt()], perSecond: [Number, IsInt()] },
});

/** One token. */
const Token = decorate(class Token {}, {
  decorators: [StreamMessage('bench.token')],
  properties: { text: [String, IsString()] },
});

/** Replies to calls with tokens, once as a stream and once as one that a client can resume. */
class TokensEndpoint {
  async *tokens(_call, prompt) {
    for await (const text of tokensOf(prompt)) yield Object.assign(new Token(), { text });
  }

  async *stored(_call, prompt) {
    for await (const text of tokensOf(prompt)) yield Object.assign(new Token(), { text });
  }
}

decorate(TokensEndpoint, {
  decorators: [StreamEndpoint('tokens')],
  methods: {
    tokens: { decorators: [StreamMethod(Prompt)], takes: [StreamCall, Prompt] },
    stored: {
      decorators: [StreamMethod(Prompt, { resumable: { forMs: FOR_MS } })],
      takes: [StreamCall, Prompt],
    },
  },
});

/** The classes, to be provided. */
export const ITEM_ENDPOINTS = [TokensEndpoint];
