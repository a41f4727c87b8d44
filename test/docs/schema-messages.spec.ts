import { createStreamClient } from '@nestwire/client';
import { create, decodeMessage, type MessageClass } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import { connected, failureOf, startApp, stopAll, towards } from '../e2e/start-app.js';
import { rename, RoomEndpoint, Say } from './schema-messages.js';

afterEach(stopAll);

describe('The code of docs/messages.md about schemas', () => {
  it('answers with a message of the schema, and refuses another one', async () => {
    const app = await startApp({ providers: [RoomEndpoint] });
    const client = await connected(
      createStreamClient<StreamsOf<{ room: RoomEndpoint }>>()({ ...towards(app), messages: [Say] }),
    );
    const stream = client.room.stream[Symbol.asyncIterator]();
    await client.room.sendStreamMessage(create(Say, { text: 'hi' }));
    const unknown = decodeMessage(Say as MessageClass<Say>, { text: 'hi', other: 1 });

    expect((await stream.next()).value).toEqual(create(Say, { text: 'hi', tags: ['heard'] }));
    expect(await failureOf(client.room.sendStreamMessage(unknown))).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ message: expect.stringContaining('other') }],
    });
  });

  it('waits for an asynchronous schema', async () => {
    const names = { isFree: async (name: string) => Promise.resolve(name !== 'ada') };

    expect(await rename(names, 'bob')).toMatchObject({ $type: 'room.rename', name: 'bob' });
    await expect(rename(names, 'ada')).rejects.toMatchObject({
      details: [{ path: 'name', message: 'The name is taken.' }],
    });
  });
});
