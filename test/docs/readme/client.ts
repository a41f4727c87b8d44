// #region client
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import { Greet, Greeting } from './messages.js';
import type { AppStreams } from './server.js';

export async function greet(name: string, url = 'ws://localhost:3000/streams') {
  const client = createStreamClient<AppStreams>()({ url, messages: [Greet, Greeting] });
  await client.connectWebSocket();
  await client.greeter.sendStreamMessage(create(Greet, { name }));
  for await (const greeting of client.greeter.stream) {
    await client.close();
    return greeting.text;
  }
}
// #endregion client
