// The client in a terminal of docs/stream-tokens.md.
// #region terminal
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import type { AppStreams } from './first-endpoint.js';
import { Prompt, Token } from './messages.js';

const [text = 'What is a stream?', url = 'ws://localhost:3000/streams'] = process.argv.slice(2);
const client = createStreamClient<AppStreams>()({ url, messages: [Prompt, Token] });

async function main() {
  await client.connectWebSocket();
  for await (const token of client.ai.generate(create(Prompt, { text }))) process.stdout.write(token.text);
  await client.close();
}

void main();
// #endregion terminal
