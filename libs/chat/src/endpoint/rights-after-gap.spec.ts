import { ChatPages } from '../../../../test/rig/chat-pages.js';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import { until } from '../../../../test/rig/until.js';
import type { ChatRoom } from '../client/chat-face.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { chatUser } from '../policy/chat-actor.js';
import type { ChatAction, ChatResource, ChatSubject } from '../policy/chat-policy.js';
import { DefaultChatPolicy } from '../policy/default-chat-policy.js';

/** The readers whose rights the policy cannot read now, and those whom it denies to read. */
const failing = new Set<string | null>();
const denied = new Set<string | null>();
/** The failures of the policy. */
let failures = 0;

class FailingPolicy extends DefaultChatPolicy {
  override allows(subject: ChatSubject, action: ChatAction, resource: ChatResource): boolean {
    if (failing.has(subject.userId)) {
      failures++;
      throw new ChatError(ChatErrorCode.Unavailable, 'The database of the application is away.');
    }
    return (
      !(action === 'channel.read' && denied.has(subject.userId)) && super.allows(subject, action, resource)
    );
  }
}

describeWithRedis('After lost events, a reader', (redis) => {
  let pages: ChatPages;
  const [ann, eve] = ['ann', 'eve'].map((id) => chatUser(id));
  beforeAll(async () => {
    pages = await ChatPages.start([{ redis: redis().url }], { policy: FailingPolicy });
  });
  afterEach(() => {
    failing.clear();
    denied.clear();
    return pages.closePages();
  });
  afterAll(() => pages.stop());

  /** Opens the room of a user, and loses the events of its channel. */
  async function gapOf(
    user: string,
    before: () => void,
  ): Promise<{ room: ChatRoom; post: () => Promise<unknown> }> {
    const { id: channelId } = await pages.service.channels.create(ann!, { type: 'private', members: [user] });
    const { chat } = await pages.open(user);
    const room = chat.channel(channelId);
    room.subscribe(() => undefined);
    const post = () => pages.service.messages.post(ann!, { channelId, text: 'still here' });
    await until(() => room.get().status === 'live');
    await post();
    await until(() => room.get().items.length === 1);
    before();
    await redis().call('FLUSHALL');
    await post();
    return { room, post };
  }

  it('whose rights cannot be read returns when they can', async () => {
    const before = failures;
    const { room, post } = await gapOf('bob', () => failing.add('bob'));
    await until(() => failures > before && room.get().status !== 'live');
    expect(room.get()).toMatchObject({ status: 'reconnecting', error: null });
    failing.clear();
    await post();

    await until(() => room.get().status === 'live' && room.get().items.length === 3);
  });

  it('who may read no longer is removed', async () => {
    const { room } = await gapOf(eve!.userId!, () => denied.add('eve'));

    await until(() => room.get().status === 'removed');
    expect(room.get().items).toHaveLength(1);
  });
});
