// The page that browsers.spec.ts builds with Vite and runs.
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import { validateSync } from 'class-validator';
import type { AppStreams } from '../quick-start/chat-endpoint.js';
import { ChatMessage } from '../quick-start/chat-message.js';

const client = createStreamClient<AppStreams>()({
  url: 'ws://localhost:3000/streams',
  messages: [ChatMessage],
  // It is only made: nothing connects.
  webSocket: class {} as never,
});
const message = create(ChatMessage, { author: 'Ada', text: 'Hello?' });
const wrong = create(ChatMessage, { author: 'A'.repeat(65), text: 'Hello?' });

console.log(`${client.connectionStatus.kind}, ${message.$type} of ${message.author}`);
console.log(`sent at a date: ${message.sentAt instanceof Date}`);
console.log(`wrong: ${validateSync(wrong).map(({ property }) => property)}`);
