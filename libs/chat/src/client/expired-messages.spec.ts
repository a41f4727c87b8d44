import { ChatPages } from '../../../../test/rig/chat-pages.js';
import { until } from '../../../../test/rig/until.js';
import { chatUser } from '../policy/chat-actor.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { ChatRoomView } from './chat-face.js';
import { MessageWindow } from './message-window.js';

const KEEP_MS = 1_000;

describe('Messages that expire', () => {
  let pages: ChatPages;

  beforeAll(async () => {
    pages = await ChatPages.start([{}], { types: { private: { keepMs: KEEP_MS } } });
  });
  afterEach(() => pages.closePages());
  afterAll(() => pages.stop());

  const textsOf = ({ items }: ChatRoomView) => items.map(({ message }) => message.text);

  /** Opens a room and a thread with an old and a new message each; `expire` removes the old ones. */
  async function opened() {
    const ann = chatUser('ann');
    const { id: channelId } = await pages.service.channels.create(ann, { type: 'private' });
    const say = (text: string, threadSeq?: number) =>
      pages.service.messages.post(ann, { channelId, text, ...(threadSeq && { threadSeq }) });
    await say('old');
    const { createdAt } = await say('old reply', 1);
    await until(() => Date.now() > createdAt);
    await say('new');
    await say('new reply', 1);
    const page = await pages.open('ann');
    const room = page.chat.channel(channelId);
    const thread = room.thread(1);
    for (const view of [room, thread]) view.subscribe(() => undefined);
    const isShown = (texts: readonly string[], replies: readonly string[]) => () =>
      room.get().status === 'live' &&
      String(textsOf(room.get())) === String(texts) &&
      String(textsOf(thread.get())) === String(replies);
    await until(isShown(['old', 'new'], ['old reply', 'new reply']));
    const expire = () => pages.service.privacy.expire(createdAt + 1 + KEEP_MS);
    return { page, room, thread, isShown, expire };
  }

  it('leave the open views', async () => {
    const { room, thread, isShown, expire } = await opened();
    await expire();
    await until(isShown(['new'], ['new reply']));
    expect(room.get()).toMatchObject({ hasOlder: false, channel: { firstSeq: 3 } });
    expect(thread.get().hasOlder).toBe(false);
  });

  it('leave the views that were away meanwhile, when they are back', async () => {
    const { page, room, isShown, expire } = await opened();
    page.link.cut();
    page.link.freeze();
    await until(() => room.get().status === 'reconnecting');
    await expire();
    expect(textsOf(room.get())).toEqual(['old', 'new']);
    page.link.resume();
    await until(isShown(['new'], ['new reply']));
  });

  it('do not come back with a page that was on its way', () => {
    const window = new MessageWindow(null, 10);
    const messages = [1, 2, 3, 4].map((seq) => ({ seq, threadSeq: null, revision: seq }) as ChatMessage);
    window.reset({ messages: messages.slice(2), hasOlder: true, hasNewer: false });
    window.loading();
    window.expire(3);
    expect(window.hasOlder).toBe(true);
    window.addOlder({ messages: messages.slice(0, 2), hasOlder: false, hasNewer: true });
    window.loaded();

    expect(window).toMatchObject({ first: 3, hasOlder: false });
  });

  it('leave an empty room when all have expired', async () => {
    const { room, isShown } = await opened();
    await pages.service.privacy.expire(Date.now() + 2 * KEEP_MS);
    await until(isShown([], []));
    expect(room.get().channel).toMatchObject({ firstSeq: 5, lastSeq: 4 });

    room.post({ text: 'again' });
    await until(() => room.get().items.at(-1)?.state === 'stored');
    expect(room.get().items.at(-1)!.message.seq).toBe(5);
  });
});
