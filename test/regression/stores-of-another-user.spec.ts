import { createStreamClient } from '@nestwire/client';
import { latestStore, streamStore } from '@nestwire/client/store';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { startApp, stopAll } from '../e2e/start-app.js';
import { until } from '../rig/until.js';
import { TokenUsers } from '../rig/users.js';

@StreamMessage('stores.secret')
class Secret {
  declare readonly $type: 'stores.secret';
  owner!: string;
}

@StreamEndpoint('secrets')
class SecretsEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Secret, StreamUser>): Promise<void> {
    if (session.user.id === 'ada') await session.sendStreamMessage(create(Secret, { owner: 'ada' }));
  }
}

type Streams = StreamsOf<{ secrets: SecretsEndpoint }>;

const owners = (all: readonly string[], { owner }: Secret) => [...all, owner];

function createClient(port: number, auth: () => string) {
  return createStreamClient<Streams>()({ url: `ws://127.0.0.1:${port}/streams`, messages: [Secret], auth });
}

let client: ReturnType<typeof createClient>;
afterEach(async () => {
  await client.close();
  await stopAll();
});

it('A store forgets the messages of a user when another one signs in', async () => {
  const app = await startApp({ providers: [SecretsEndpoint], options: { authenticator: TokenUsers } });
  let token = 'ada';
  client = createClient(app.port, () => token);
  const all = streamStore(client.secrets.stream, owners, []);
  const latest = latestStore(client.secrets.stream, Secret);
  const leave = [all.subscribe(() => undefined), latest.subscribe(() => undefined)];
  await client.connectWebSocket();
  await until(() => all.get().state.length === 1 && latest.get() !== undefined);

  token = 'eve';
  await client.authenticate();
  await until(() => latest.get() === undefined);

  expect(all.get().state).toEqual([]);
  const late = latestStore(client.secrets.stream, Secret);
  leave.push(late.subscribe(() => undefined));
  await new Promise((resolve) => setImmediate(resolve));
  expect(late.get()).toBeUndefined();
  for (const end of leave) end();
});
