// #region terminal
import { createInterface } from 'node:readline';
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import type { AppStreams } from './chat-endpoint.js';
import { ChatMessage } from './chat-message.js';

const [author = 'Ada', url = 'ws://localhost:3000/streams'] = process.argv.slice(2);

const client = createStreamClient<AppStreams>()({ url, messages: [ChatMessage] });
client.addConnectionStatusListener((status) => console.log(`(${status.kind})`));

async function read() {
  for await (const message of client.chat.stream) console.log(`${message.author}: ${message.text}`);
}

async function write() {
  for await (const text of createInterface({ input: process.stdin }))
    await client.chat.sendStreamMessage(create(ChatMessage, { author, text }));
  await client.close();
}

async function main() {
  await client.connectWebSocket();
  await Promise.all([read(), write()]);
}

void main();
// #endregion terminal
