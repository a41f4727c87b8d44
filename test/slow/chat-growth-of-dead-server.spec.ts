import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ChatMessageEvent } from '../../libs/chat/src/wire/chat-events.js';
import { chatServer } from '../../libs/chat/src/policy/chat-actor.js';
import { chatRoom } from '../../libs/chat/src/wire/chat-topics.js';
import { closeChats, startChat, type ChatApp } from '../rig/chat-app.js';
import { describeOnEachDatabase } from '../rig/chat-databases.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

const PROGRAM = 'test/rig/chat-growing-server.mjs';
const BOUND_MS = 10_000;
const server = chatServer();

describeWithRedis('A message that grows on a server of its own', (redis) => {
  describeOnEachDatabase('with the defaults', (fresh) => {
    const children: ChildProcess[] = [];
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await closeChats();
    });

    /** Starts a server with a growing message; and another one, with the events of the message. */
    async function growing() {
      const database = fresh();
      const before = await startChat({ database }, { redis: redis().url });
      const { id: channelId } = await before.chat.channels.create(chatServer({ userId: 'bot' }), {
        type: 'private',
      });
      // The server with the message relays too, so that its death concerns both.
      await before.close();
      const argument = JSON.stringify({ database, redis: redis().url, channelId, pieces: 20 });
      const child = spawn(process.execPath, [PROGRAM, argument], { stdio: ['ignore', 'ignore', 'inherit'] });
      children.push(child);
      const app = await startChat({ database }, { redis: redis().url });
      const events: ChatMessageEvent[] = [];
      await app.messages.addListener(chatRoom('default', channelId), (event) => {
        if (event instanceof ChatMessageEvent) events.push(event);
      });
      await until(async () => (await messageOf(app, channelId))?.text?.startsWith('1 2 3 ') === true, 30_000);
      return { app, channelId, child, events };
    }

    it('ends as failed for its readers within ten seconds of the death of the server', async () => {
      const { app, channelId, child, events } = await growing();
      const killedAt = Date.now();
      child.kill('SIGKILL');
      await once(child, 'exit');
      await until(() => events.some(({ kind }) => kind === 'message.grown'), 30_000);
      const tookMs = Date.now() - killedAt;
      process.stdout.write(`the event came ${tookMs} ms after the death\n`);

      expect(tookMs).toBeLessThan(BOUND_MS);
      expect(await messageOf(app, channelId)).toMatchObject({
        text: expect.stringMatching(/^1 2 3 /) as string,
        growth: { isGrowing: false, isFailed: true },
      });
    });

    it('goes on while its server lives, however long the source is silent', async () => {
      const { app, channelId } = await growing();
      const last = Array.from({ length: 20 }, (_, at) => `${at + 1} `).join('');
      await until(async () => (await messageOf(app, channelId))?.text === last, 30_000);
      await new Promise((resolve) => setTimeout(resolve, BOUND_MS + 2_000));
      expect(await messageOf(app, channelId)).toMatchObject({ growth: { isGrowing: true } });

      await app.chat.messages.stopGrowth(server, { channelId, seq: 1 });
      await until(async () => (await messageOf(app, channelId))?.growth?.isStopped === true, 30_000);
    });
  });
});

async function messageOf(app: ChatApp, channelId: string) {
  return (await app.chat.history.page(server, { channelId })).messages[0];
}
