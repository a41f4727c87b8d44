// The client of the page of docs/stream-tokens.md.
// #region client
import { createStreamClient } from '@nestwire/client';
import type { AppStreams } from './ai-endpoint.js';
import { Prompt, Token } from './messages.js';

/** Only for this tutorial: all tabs of a browser are one user. */
const userId = (localStorage.userId ??= crypto.randomUUID()) as string;

export const client = createStreamClient<AppStreams>()({
  url: `${location.origin.replace('http', 'ws')}/streams`,
  messages: [Prompt, Token],
  auth: () => userId,
});
// #endregion client
