import { applyPresence, create, EMPTY_PRESENCE, PresenceJoined, PresenceLeft } from '@nestwire/protocol';
import type { PresenceEvent, PresenceMembers, PresenceView } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { Publication } from '../pubsub/publication.js';
import { BEFORE_ALL, MemberPages } from './member-pages.js';
import type { MemberRow } from './member-table.js';
import { PresenceStream } from './presence-stream.js';
import '../../../../test/rig/message-libraries.js';

const CHANNEL = 'room';
const PAGE = 100;

/** Members that a test lets come and go, and a stream of them. */
class Scene {
  isReady = true;
  readonly stream: PresenceStream;
  private readonly rows = new Map<string, MemberRow>();
  private readonly pages = new MemberPages(CHANNEL, (order) =>
    [...this.rows.values()].filter((row) => row.order > order),
  );
  private last = 0;

  constructor(limit = 1_000) {
    this.stream = new PresenceStream(this, { limit }, () => undefined);
  }

  pageAfter(order: number) {
    return this.pages.after(order);
  }

  join(...ids: string[]): void {
    for (const id of ids) {
      const row = { member: { id, userId: id }, order: ++this.last, bytes: 1 };
      this.rows.set(id, row);
      this.tell(create(PresenceJoined, { channel: CHANNEL, ...row.member }), row);
    }
  }

  leave(...ids: string[]): void {
    for (const id of ids) {
      const row = this.rows.get(id)!;
      this.rows.delete(id);
      this.tell(create(PresenceLeft, { channel: CHANNEL, id, userId: id }), row);
    }
  }

  get ids(): string[] {
    return [...this.rows.keys()];
  }

  private tell(message: PresenceJoined | PresenceLeft, { order }: MemberRow): void {
    this.pages.clear();
    const { type, data } = encodingOf(message);
    this.stream.pushChange(new Publication(CHANNEL, type, data), order);
  }
}

const idsUpTo = (count: number) => Array.from({ length: count }, (_, at) => `m${at}`);
const next = async ({ stream }: Scene): Promise<PresenceEvent> => (await stream.next()).value!;

async function read(scene: Scene, count: number, view: PresenceView = EMPTY_PRESENCE): Promise<PresenceView> {
  let now = view;
  for (let at = 0; at < count; at++) now = applyPresence(now, await next(scene));
  return now;
}

const idsIn = ({ members }: PresenceView) => members.map(({ id }) => id);

describe('A stream of presence', () => {
  it('gives pages when they are asked for, and shows in them what happened meanwhile', async () => {
    const scene = new Scene();
    scene.join(...idsUpTo(2 * PAGE + 1));
    const half = await read(scene, 1);
    scene.leave('m0', 'm150');
    scene.join('late');
    const view = await read(scene, 3, half);

    expect([half.isComplete, view.isComplete]).toEqual([false, true]);
    expect(idsIn(view)).toEqual(scene.ids);
  });

  it('shows a member once that left and came again while pages were read', async () => {
    const scene = new Scene();
    scene.join(...idsUpTo(PAGE + 1));
    const half = await read(scene, 1);
    scene.leave('m5');
    scene.join('m5');
    const view = await read(scene, 2, half);

    expect(view.isComplete).toBe(true);
    expect(idsIn(view)).toEqual(scene.ids);
  });

  it('gives the members again where more changes wait than its limit', async () => {
    const scene = new Scene(3);
    scene.join('m0');
    const view = await read(scene, 1);
    scene.join('m1', 'm2', 'm3', 'm4');
    scene.leave('m0');

    expect(idsIn(await read(scene, 1, view))).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(scene.stream.dropped).toBe(3);
    scene.join('m5');
    expect(await next(scene)).toMatchObject({ $type: 'nestwire.presence.joined', id: 'm5' });
  });

  it('keeps a bounded number of changes, however many come', async () => {
    const scene = new Scene(3);
    await read(scene, 1);
    for (let round = 0; round < 1_000; round++) {
      scene.join('m0');
      scene.leave('m0');
    }
    scene.join('m1');
    const view = await read(scene, 1);

    expect(idsIn(view)).toEqual(['m1']);
    expect(view.isComplete).toBe(true);
  });

  it('gives a waiting reader the first page as soon as the members are known', async () => {
    const scene = new Scene();
    scene.isReady = false;
    scene.join('m0');
    const waiting = next(scene);
    scene.isReady = true;
    scene.stream.restart();

    expect((await waiting) as PresenceMembers).toMatchObject({ isFirst: true, members: [{ id: 'm0' }] });
  });

  it('begins with the first page again after a restart between two pages', async () => {
    const scene = new Scene();
    scene.join(...idsUpTo(PAGE + 1));
    const half = await read(scene, 1);
    scene.stream.restart();
    const view = await read(scene, 2, half);

    expect(idsIn(view)).toEqual(scene.ids);
  });

  it('gives nothing after its end', async () => {
    const scene = new Scene();
    scene.join('m0');
    scene.stream.end();
    scene.stream.restart();

    expect(await scene.stream.next()).toEqual({ done: true, value: undefined });
    expect(scene.pageAfter(BEFORE_ALL).publication.message).toMatchObject({ members: [{ id: 'm0' }] });
  });
});
