import '@nestwire/protocol/class-transformer';
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import type { BoardStreams } from './board.module.js';
import { Note, Posted } from './messages.js';

const client = createStreamClient<BoardStreams>()({
  url: `ws://${location.host}/streams`,
  messages: [Note, Posted],
  auth: () => 'ann',
});
await client.connectWebSocket();
const reader = client.board.stream[Symbol.asyncIterator]();
await client.board.sendStreamMessage(create(Note, { text: 'hello', writtenAt: new Date(0) }));
const refused = await client.board.sendStreamMessage(create(Note, { text: 'x'.repeat(101) })).then(
  () => 'handled',
  (error: { code: string }) => error.code,
);
const { value: posted } = await reader.next();
await client.close();

const isInstance = posted instanceof Posted && posted.writtenAt instanceof Date;
document.title = `${posted?.author}: ${posted?.text}, instance: ${isInstance}, too long: ${refused}`;
