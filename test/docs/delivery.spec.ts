import { MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { startApp, stopAll } from '../e2e/start-app.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import {
  board,
  BoardsEndpoint,
  CardIs,
  Cards,
  createClient,
  pointers,
  RoomLog,
  RoomsEndpoint,
  say,
  Say,
  score,
  showBoard,
  showRoom,
} from './delivery.js';

const start = (redis?: string) =>
  startApp({ options: { redis }, providers: [RoomsEndpoint, BoardsEndpoint, RoomLog, Cards] });

async function connected(port: number) {
  const client = createClient(`ws://127.0.0.1:${port}/streams`);
  await client.connectWebSocket();
  return client;
}

describe('The code of docs/delivery.md', () => {
  afterEach(stopAll);

  it('defines a channel of each delivery class', () => {
    expect([pointers, score, board].map(({ delivery }) => delivery)).toEqual([
      'ephemeral',
      'latest',
      'history',
    ]);
  });

  it('shows and logs what is said, by clients and by the server', async () => {
    const app = await start();
    const client = await connected(app.port);
    const lines: string[] = [];
    const shown = showRoom(client, lines);
    await until(() => app.streams.counters().channels === 1);

    const { position, isDuplicate } = await say(app.get(MessagesService), 'one');
    await client.rooms.sendStreamMessage(create(Say, { room: 'lobby', text: 'two' }));
    await until(() => lines.length === 2);
    await client.close();
    await shown;

    expect(lines).toEqual(['one', 'two']);
    expect(app.get(RoomLog).lines).toEqual(['one', 'two']);
    expect([position.offset, isDuplicate]).toEqual([1, false]);
  });

  it('begins a board with its snapshot', async () => {
    const app = await start();
    app.get(Cards).columns.set('a', 'doing');
    const client = await connected(app.port);
    const columns = new Map<string, string>();
    const shown = showBoard(client, columns);
    await until(() => columns.size === 1);

    await app.messages.postMessage(board('7'), create(CardIs, { id: 'b', column: 'done' }));
    await until(() => columns.size === 2);
    await client.close();
    await shown;

    expect([...columns]).toEqual([
      ['a', 'doing'],
      ['b', 'done'],
    ]);
  });
});

describeWithRedis('The code of docs/delivery.md, when Redis has lost its data', (redis) => {
  afterEach(stopAll);

  it('logs the gap, and shows the room again', async () => {
    const app = await start(redis().url);
    const client = await connected(app.port);
    const lines: string[] = [];
    const shown = showRoom(client, lines);
    await until(() => app.streams.counters().channels === 1);
    await say(app.messages, 'one');
    await until(() => lines.length === 1);

    await redis().call('FLUSHALL');
    await redis().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => lines.length === 0);
    await say(app.messages, 'two');
    await until(() => lines.length === 1);
    await client.close();
    await shown;

    expect(lines).toEqual(['two']);
    expect(app.get(RoomLog).lines).toEqual(['one', '(some are missing: epoch-changed)', 'two']);
  });
});
