import { StreamsService } from '@nestwire/streams';
import { ChatPages, type ChatPage } from '../../../../test/rig/chat-pages.js';
import { BannableUsers } from '../../../../test/rig/users.js';
import { until } from '../../../../test/rig/until.js';
import { chatUser } from '../policy/chat-actor.js';

describe('A chat whose user is refused', () => {
  let pages: ChatPages;
  let channelId: string;

  beforeAll(async () => {
    pages = await ChatPages.start([{}], {}, BannableUsers);
    const room = await pages.service.channels.create(chatUser('ann'), { type: 'private', members: [] });
    channelId = room.id;
  });
  afterEach(async () => {
    users().banned.clear();
    await pages.closePages();
  });
  afterAll(() => pages.stop());

  const users = () => pages.servers[0]!.get(BannableUsers);

  /** Opens the room and the list of a page. */
  function opened({ chat }: ChatPage) {
    const views = [chat.channel(channelId), chat.list] as const;
    for (const view of views) view.subscribe(() => undefined);
    const areAll = (status: string) => () => views.every((view) => view.get().status === status);
    return { views, areAll };
  }

  /** Refuses the credential of a page, until the client has given up. */
  async function refuse({ link, client }: ChatPage): Promise<void> {
    users().banned.add('ann');
    link.cut();
    await until(() => client.connectionStatus.kind === 'closed');
  }

  it('shows the code in open views, and recovers after the sign-in', async () => {
    const page = await pages.open('ann');
    const { views, areAll } = opened(page);
    await until(areAll('live'));

    await refuse(page);
    await until(areAll('refused'));
    for (const view of views) expect(view.get().error).toMatchObject({ code: 'UNAUTHENTICATED' });

    users().banned.clear();
    await pages.service.messages.post(chatUser('ann'), { channelId, text: 'meanwhile' });
    await page.client.connectWebSocket();
    await until(areAll('live'));
    for (const view of views) expect(view.get().error).toBeNull();
    expect(views[0].get().items.at(-1)!.message.text).toBe('meanwhile');
  });

  it('shows the code in views that open later', async () => {
    const page = await pages.open('ann');
    await refuse(page);
    const { views, areAll } = opened(page);
    await until(areAll('refused'));
    expect(views[0].get().error).toMatchObject({ code: 'UNAUTHENTICATED' });

    users().banned.clear();
    await page.client.connectWebSocket();
    await until(areAll('live'));
  });

  it('shows the code without a credential, and opens after the sign-in over the same connection', async () => {
    let token: string | null = null;
    const page = await pages.open('ann', { token: () => token });
    const { views, areAll } = opened(page);
    await until(areAll('refused'));
    for (const view of views) expect(view.get().error).toMatchObject({ code: 'UNAUTHENTICATED' });

    token = 'ann';
    await page.client.authenticate();
    await until(areAll('live'));
    for (const view of views) expect(view.get().error).toBeNull();
  });

  it('asks no more while the same user is refused', async () => {
    const page = await pages.open('eve');
    const room = page.chat.channel(channelId);
    room.subscribe(() => undefined);
    await until(() => room.get().status === 'refused');
    expect(room.get().error).toMatchObject({ code: 'CHAT_NOT_FOUND' });

    const { connection } = page.client.connectionStatus as { connection: string };
    page.link.cut();
    await until(() => {
      const status = page.client.connectionStatus;
      return status.kind === 'connected' && status.connection !== connection;
    });
    expect(room.get()).toMatchObject({ status: 'refused', error: { code: 'CHAT_NOT_FOUND' } });
    // The stream of the user alone, also after the answer to what has been asked since.
    const streams = pages.servers[0]!.get(StreamsService);
    await until(() => streams.counters().sessions === 1);
    await page.chat.openChannels();
    expect(streams.counters().sessions).toBe(1);
  });
});
