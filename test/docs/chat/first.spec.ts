import { createStreamClient } from '@nestwire/client';
import { CHAT_MESSAGES, createChat, type Chat, type ChatStreams } from '@nestwire/chat/client';
import { TestServer } from '@nestwire/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../rig/until.js';
import { AppModule } from './first.js';

describe('docs/chat/index.md', () => {
  const before = process.cwd();
  let folder: string;
  let server: TestServer;
  const closing: Array<() => unknown> = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
    // The file of the database is in the working directory.
    process.chdir(folder);
    server = await TestServer.start(AppModule);
  });
  afterAll(async () => {
    for (const close of closing) await close();
    await server?.close();
    process.chdir(before);
    await rm(folder, { recursive: true, force: true });
  });

  /** The page of a user, as the guide has it. */
  async function pageOf(id: string): Promise<Chat> {
    const client = createStreamClient<ChatStreams>()({
      url: server.url,
      messages: CHAT_MESSAGES,
      auth: () => `token-of-${id}`,
    });
    const chat = createChat(client, { user: () => ({ id, name: id }) });
    closing.push(
      () => chat.close(),
      () => client.close(),
    );
    await client.connectWebSocket();
    await chat.join('lobby');
    return chat;
  }

  it('lets two users talk in the lobby', async () => {
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((id) => pageOf(id)));
    const [annRoom, bobRoom] = [ann!.channel('lobby'), bob!.channel('lobby')];
    closing.unshift(
      annRoom.subscribe(() => undefined),
      bobRoom.subscribe(() => undefined),
    );
    annRoom.post({ text: 'Hello Bob' });
    await until(() => bobRoom.get().items.length === 1);

    expect(bobRoom.get().items).toMatchObject([
      { state: 'stored', message: { author: { id: 'ann', name: 'Ann' }, text: 'Hello Bob' } },
    ]);
  });
});
