import { createStreamClient } from '@nestwire/client';
import { CodedError, create } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import { until } from '../rig/until.js';
import { collect, connected, failureOf, startApp, stopAll, towards } from '../e2e/start-app.js';
import { AccountDeleted, AccountEndpoint, Confirm, Confirmed, DeleteAccount } from './requests.js';

type Streams = StreamsOf<{ account: AccountEndpoint }>;

async function start() {
  const app = await startApp({ providers: [AccountEndpoint] });
  const messages = [AccountDeleted, Confirm, Confirmed, DeleteAccount] as const;
  const client = await connected(createStreamClient<Streams>()({ ...towards(app), messages }));
  return { app, client };
}

afterEach(stopAll);

describe('The request of docs/sessions.md', () => {
  it.each([true, false])('is answered by the client with %p', async (isAgreed) => {
    const { client } = await start();
    const questions: string[] = [];
    client.account.onRequest(Confirm, ({ question }) => {
      questions.push(question);
      return create(Confirmed, { isAgreed });
    });
    const deleted = collect(client.account.stream);
    await client.account.sendStreamMessage(create(DeleteAccount));
    if (isAgreed) await until(() => deleted.length === 1);

    expect(questions).toEqual(['Delete everything?']);
    expect(deleted).toHaveLength(isAgreed ? 1 : 0);
  });

  it('is refused by a client without a handler, and by one whose handler throws', async () => {
    const { client } = await start();
    const without = await failureOf(client.account.sendStreamMessage(create(DeleteAccount)));
    client.account.onRequest(Confirm, () => {
      throw new CodedError('NO_SCREEN', 'Nobody can see the question.');
    });
    const throwing = await failureOf(client.account.sendStreamMessage(create(DeleteAccount)));

    expect([without.code, throwing.code]).toEqual(['REQUEST_REFUSED', 'REQUEST_REFUSED']);
    expect(throwing.message).toContain('NO_SCREEN: Nobody can see the question.');
  });
});
