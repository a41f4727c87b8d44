import type { Prompt, Token } from './messages.js';

/** The types of the endpoint of docs/stream-tokens.md, for a program with the types of a browser alone. */
export interface AppStreams {
  readonly ai: {
    readonly in: never;
    readonly out: never;
    readonly methods: {
      readonly generate: {
        readonly request: Prompt;
        readonly items: never;
        readonly reply: AsyncIterable<Token>;
      };
    };
  };
}
