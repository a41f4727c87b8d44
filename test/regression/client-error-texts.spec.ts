import { createStreamClient } from '@nestwire/client';
import { CodedError, create, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { connected, failureOf, startApp, stopAll, towards, tracked } from '../e2e/start-app.js';

@StreamMessage('texts.said')
class Said {
  declare readonly $type: 'texts.said';
}

@StreamEndpoint('room')
class RoomEndpoint {
  @OnStreamMessage(Said)
  said(_session: StreamSession, _said: Said): void {
    throw new CodedError('ROOM_FULL', 'The room is full.', { retryAfterMs: 5 });
  }
}

type Streams = StreamsOf<{ room: RoomEndpoint }>;

async function clientOf(): Promise<ReturnType<typeof make>> {
  return make(towards(await startApp({ providers: [RoomEndpoint] })));
}

function make(options: ReturnType<typeof towards>) {
  return tracked(createStreamClient<Streams>()({ ...options, messages: [Said] }));
}

describe('The errors of a client', () => {
  afterEach(stopAll);

  it('say how to connect, where there was no connection', async () => {
    const client = await clientOf();
    const error = await failureOf(client.room.sendStreamMessage(create(Said)));

    expect(error).toMatchObject({ code: 'NOT_CONNECTED' });
    expect(error.message).toBe("NOT_CONNECTED: call connectWebSocket(), or use offline: 'queue'");
    expect(await failureOf(client.authenticate())).toMatchObject({ message: error.message });
  });

  it('say why the client is closed, and how it opens again', async () => {
    const client = await connected(await clientOf());
    await client.close();
    const error = await failureOf(client.room.sendStreamMessage(create(Said)));

    expect(error).toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(error.message).toBe('CLIENT_CLOSED: closed by the client (1000); call connectWebSocket() again');
  });

  it('name in their stack who awaited the call that the server refused', async () => {
    const client = await connected(await clientOf());
    const error = await theCaller(client);

    expect(error).toMatchObject({ code: 'ROOM_FULL', message: 'The room is full.', retryAfterMs: 5 });
    expect(error.stack).toMatch(/at (async )?theCaller /);
  });
});

async function theCaller(client: Awaited<ReturnType<typeof clientOf>>): Promise<CodedError> {
  try {
    await client.room.sendStreamMessage(create(Said));
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('This was expected to fail.');
}
