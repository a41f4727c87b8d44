import { create } from '@nestwire/protocol';
import type { ResumePosition, PublicationFrame } from '@nestwire/protocol/codec';
import { until } from '../../../../test/rig/until.js';
import { Note, Rig } from '../../spec/rig.js';
import type { Peer } from '../../spec/scripted-server.js';

const CHANNEL = 'score';

interface Place {
  readonly offset: number;
  readonly epoch?: string;
  /** The timeline of the history; the first one by default. */
  readonly branch?: string;
}

const idOf = ({ offset, branch = '' }: Place) => `m${offset}${branch}~a`;

/** The frame of a publication; on a channel with history it does not name the epoch. */
function publication(place: Place): PublicationFrame {
  const { offset, epoch, branch = '' } = place;
  return {
    t: 'publication',
    channel: CHANNEL,
    ...(epoch && { epoch }),
    offset,
    id: idOf(place),
    type: 'spec.note',
    data: { text: `${offset}${branch}` },
  };
}

const gap = (epoch: string, place: Place): PublicationFrame => ({
  ...publication({ ...place, epoch }),
  stream: 'chat',
  type: 'nestwire.gap',
  data: { channel: CHANNEL, reason: 'diverged' },
});

describe('A handover to a server that is behind', () => {
  let rig: Rig;
  let old: Peer;
  let next: Peer;
  /** The `hello` to the next server. */
  let held: readonly ResumePosition[] | undefined;
  let texts: string[];

  function subscribed(peer: Peer, place: Place, epoch = 'E'): void {
    const position = [epoch, place.offset, idOf(place)] as const;
    peer.send({ t: 'subscribed', stream: 'chat', channel: CHANNEL, position, resumeToken: 'T' });
  }

  function snapshot(peer: Peer, text: string): void {
    peer.send({ t: 'message', stream: 'chat', channel: CHANNEL, type: 'spec.note', data: { text } });
  }

  async function settled(peer: Peer): Promise<void> {
    peer.send({ t: 'ping' });
    await peer.next('pong');
  }

  /** Starts a client on a server that goes away; the next one has received only the `hello`. */
  async function begin(epoch: string | undefined, ...offsets: number[]): Promise<void> {
    rig = await Rig.start();
    old = await rig.connected();
    texts = [];
    const { stream } = rig.client.chat;
    void (async () => {
      for await (const { text } of stream) texts.push(text);
    })();
    await old.open('s1');
    subscribed(old, { offset: offsets[0]! - 1 });
    for (const offset of offsets) old.send(publication({ offset, epoch }));
    await settled(old);
    await leave(old);
  }

  /** Like `begin`, with an unanswered message, so that the former connection stays open. */
  async function beginAwaiting(epoch: string | undefined, ...offsets: number[]): Promise<void> {
    await begin(epoch, ...offsets);
    rig.client.chat.sendStreamMessage(create(Note, { text: 'unanswered' })).catch(() => undefined);
    await old.next('message');
    await welcome();
  }

  async function leave(peer: Peer): Promise<void> {
    peer.send({ t: 'goaway', spreadMs: 1_000 });
    await settled(peer);
    rig.clock.advance(1_000);
    next = await rig.server.peers.take();
    held = (await next.next('hello')).resume;
  }

  /** Welcomes the client; without `figures` it may send no message. */
  async function welcome(figures: object = {}): Promise<void> {
    next.raw(
      JSON.stringify({
        t: 'welcome',
        v: 1,
        connection: 'c2',
        user: null,
        pingMs: 25_000,
        pongMs: 10_000,
        ...figures,
      }),
    );
  }

  const opened = async () => {
    await welcome();
    await next.open('s2');
  };

  /** Returns the positions of the `hello` after the next server has diverged. */
  async function resumed(name = CHANNEL): Promise<ResumePosition | undefined> {
    await rig.status('waiting');
    rig.clock.advance(1_000);
    next = await rig.server.peers.take();
    return (await next.next('hello')).resume?.find(([, channel]) => channel === name);
  }

  const got = async (...expected: string[]) => {
    await until(() => texts.length >= expected.length);
    await settled(next);
    expect(texts).toEqual(expected);
  };

  afterEach(() => rig.stop());

  describe('of a channel with latest', () => {
    it('gives no older message, and none twice', async () => {
      await begin('E', 1, 2, 3);
      expect(held).toEqual([['chat', CHANNEL, 'T', 'E', 3, idOf({ offset: 3 })]]);
      for (const offset of [4, 5, 6]) old.send(publication({ offset, epoch: 'E' }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      for (const offset of [4, 5, 6, 7]) next.send(publication({ offset, epoch: 'E' }));

      await got('1', '2', '3', '4', '5', '6', '7');
    });

    it('gives the older message of a history that was taken back, as the next server says', async () => {
      await begin('E', 1, 2, 3);
      old.send(publication({ offset: 4, epoch: 'E' }));
      await settled(old);
      await opened();
      next.send({ ...publication({ offset: 2, epoch: 'E', branch: 'b' }), stream: 'chat' });
      subscribed(next, { offset: 2, branch: 'b' });
      next.send(publication({ offset: 3, epoch: 'E', branch: 'b' }));

      await got('1', '2', '3', '4', '2b', '3b');
    });

    it('gives the message of a new epoch, and none of the old epoch after it', async () => {
      await beginAwaiting('E', 1, 2, 3);
      await next.open('s2');
      next.send({ ...publication({ offset: 1, epoch: 'F' }), stream: 'chat' });
      await settled(next);
      old.send(publication({ offset: 4, epoch: 'E' }));
      await settled(old);
      subscribed(next, { offset: 1 }, 'F');
      next.send(publication({ offset: 2, epoch: 'F' }));

      await got('1', '2', '3', '1', '2');
    });

    it('gives no message of an epoch that the former server has seen end', async () => {
      await begin('E', 1, 2, 3);
      old.send(publication({ offset: 1, epoch: 'F', branch: 'f' }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      next.send(publication({ offset: 4, epoch: 'E' }));
      next.send(publication({ offset: 1, epoch: 'F', branch: 'f' }));
      next.send(publication({ offset: 2, epoch: 'F', branch: 'f' }));

      await got('1', '2', '3', '1f', '2f');
    });

    it('follows the next server again after it has caught up: it may go back as its history does', async () => {
      await begin('E', 1, 2, 3);
      old.send(publication({ offset: 4, epoch: 'E' }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      next.send(publication({ offset: 4, epoch: 'E' }));
      next.send(publication({ offset: 2, epoch: 'E' }));

      await got('1', '2', '3', '4', '2');
    });

    it('reconnects with its position when a server does not catch up', async () => {
      await begin('E', 1, 2, 3);
      for (const offset of [4, 5]) old.send(publication({ offset, epoch: 'E' }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      await settled(next);
      rig.clock.advance(15_000);
      await rig.status('waiting');
      rig.clock.advance(1_000);
      next = await rig.server.peers.take();
      ({ resume: held } = await next.next('hello'));

      expect(held).toEqual([['chat', CHANNEL, 'T', 'E', 5, idOf({ offset: 5 })]]);
    });

    it('does not reconnect after the server has caught up', async () => {
      await begin('E', 1, 2, 3);
      old.send(publication({ offset: 4, epoch: 'E' }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      next.send(publication({ offset: 4, epoch: 'E' }));
      await settled(next);
      rig.clock.advance(20_000);
      await settled(next);

      expect(rig.client.connectionStatus.kind).toBe('connected');
    });
  });

  describe('of a channel with history', () => {
    it('gives each message once, and in order', async () => {
      await begin(undefined, 1, 2, 3);
      for (const offset of [4, 5, 6]) old.send(publication({ offset }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      for (const offset of [4, 5, 6, 7]) next.send(publication({ offset }));

      await got('1', '2', '3', '4', '5', '6', '7');
    });

    it('gives each message once when more than 1,024 came by the former server', async () => {
      await begin(undefined, 1, 2, 3);
      const more = Array.from({ length: 1_100 }, (_, index) => index + 4);
      for (const offset of more) old.send(publication({ offset }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 + 1_100 });
      next.send(publication({ offset: 1_104 }));

      await got(...[1, 2, 3, ...more, 1_104].map(String));
    });

    it('ignores a message of another timeline, and reconnects with its position', async () => {
      await begin(undefined, 1, 2, 3);
      for (const offset of [4, 5]) old.send(publication({ offset }));
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      for (const offset of [4, 5, 6]) next.send(publication({ offset, branch: 'b' }));
      await rig.status('waiting');
      rig.clock.advance(1_000);
      next = await rig.server.peers.take();
      ({ resume: held } = await next.next('hello'));

      expect(held).toEqual([['chat', CHANNEL, 'T', 'E', 5, idOf({ offset: 5 })]]);
      expect(texts).toEqual(['1', '2', '3', '4', '5']);
    });

    it('gives again, behind a snapshot of the next server, what the former one gave meanwhile', async () => {
      await begin(undefined, 1, 2, 3);
      for (const offset of [4, 5]) old.send(publication({ offset }));
      await settled(old);
      await opened();
      snapshot(next, 'snapshot of 4');
      const position = ['E', 4, idOf({ offset: 4 })] as const;
      next.send({ t: 'position', stream: 'chat', channel: CHANNEL, position, resumeToken: 'T' });
      subscribed(next, { offset: 4 });
      for (const offset of [5, 6]) next.send(publication({ offset }));

      await got('1', '2', '3', '4', '5', 'snapshot of 4', '5', '6');
    });

    it('takes no snapshot of the former server, and nothing that follows it there', async () => {
      await beginAwaiting(undefined, 1, 2, 3);
      await next.open('s2');
      snapshot(old, 'snapshot of 5');
      old.send(publication({ offset: 6 }));
      await settled(old);
      subscribed(next, { offset: 3 });
      for (const offset of [4, 5, 6]) next.send(publication({ offset }));

      await got('1', '2', '3', '4', '5', '6');
    });

    it('takes nothing more of the former server once a snapshot of the next one has begun', async () => {
      await beginAwaiting(undefined, 1, 2, 3);
      await next.open('s2');
      snapshot(next, 'snapshot of 4');
      await settled(next);
      old.send(publication({ offset: 4 }));
      await settled(old);
      const position = ['E', 4, idOf({ offset: 4 })] as const;
      next.send({ t: 'position', stream: 'chat', channel: CHANNEL, position, resumeToken: 'T' });
      subscribed(next, { offset: 4 });
      next.send(publication({ offset: 5 }));

      await got('1', '2', '3', 'snapshot of 4', '5');
    });

    it('asks for another snapshot when that of the former server has broken off', async () => {
      await begin(undefined, 1, 2, 3);
      snapshot(old, 'half a snapshot');
      await settled(old);
      await opened();
      subscribed(next, { offset: 3 });
      next.send(publication({ offset: 4 }));
      await rig.status('waiting');
      rig.clock.advance(1_000);
      next = await rig.server.peers.take();
      ({ resume: held } = await next.next('hello'));

      expect(held).toEqual([['chat', CHANNEL, 'T', 'E', 3, '~']]);
      expect(texts).toEqual(['1', '2', '3', 'half a snapshot']);
    });

    it('goes on from a gap of the next server, without what the former server still sends', async () => {
      await beginAwaiting(undefined, 1, 2, 3);
      await next.open('s2');
      next.send(gap('F', { offset: 1, branch: 'f' }));
      await settled(next);
      old.send(publication({ offset: 4 }));
      await settled(old);
      subscribed(next, { offset: 1, branch: 'f' }, 'F');
      next.send(publication({ offset: 2, branch: 'f' }));

      await got('1', '2', '3', '2f');
    });

    it('delivers the messages between a gap of the former server and the position of the `hello`', async () => {
      await beginAwaiting(undefined, 1, 2, 3);
      old.send(gap('E', { offset: 1 }));
      await settled(old);
      await next.open('s2');
      subscribed(next, { offset: 3 });

      expect(await resumed()).toEqual(['chat', CHANNEL, 'T', 'E', 1, idOf({ offset: 1 })]);
    });

    it('takes nothing of the former server that does not lead to its position', async () => {
      await begin(undefined, 1, 2, 3);
      for (const offset of [4, 5]) old.send(publication({ offset }));
      await settled(old);
      await welcome({ maxPayloadBytes: 65_536, maxPendingMessages: 1 });
      await next.open('s2');
      subscribed(next, { offset: 3 });
      rig.client.chat.sendStreamMessage(create(Note, { text: 'unanswered' })).catch(() => undefined);
      await next.next('message');
      // The current server got position 3 in the `hello`, and continues from there on another timeline.
      const former = next;
      await leave(former);
      await welcome();
      for (const offset of [4, 5, 6]) former.send(publication({ offset, branch: 'b' }));
      await settled(former);
      await next.open('s3');
      subscribed(next, { offset: 5 });
      next.send(publication({ offset: 6 }));

      await got('1', '2', '3', '4', '5', '6');
    });
  });

  describe('of a channel that the former server subscribes late', () => {
    let unanswered: number;

    async function subscribedLate(...before: string[]): Promise<void> {
      await begin(undefined, 1);
      rig.client.chat.sendStreamMessage(create(Note, { text: 'unanswered' })).catch(() => undefined);
      ({ id: unanswered } = await old.next('message'));
      await welcome();
      await next.open('s2');
      for (const text of before) lateSnapshot(old, text);
      late(old, { offset: 7 });
      await settled(old);
    }

    const LATE = 'late';
    const late = (peer: Peer, place: Place) =>
      peer.send({
        t: 'subscribed',
        stream: 'chat',
        channel: LATE,
        position: ['L', place.offset, idOf(place)],
        resumeToken: `T${place.offset}`,
      });
    const lateSnapshot = (peer: Peer, text: string) =>
      peer.send({ t: 'message', stream: 'chat', channel: LATE, type: 'spec.note', data: { text } });

    it('misses nothing before the position at which the application subscribes on the next server', async () => {
      await subscribedLate();
      late(next, { offset: 9 });

      expect(await resumed(LATE)).toEqual(['chat', LATE, 'T7', 'L', 7, idOf({ offset: 7 })]);
    });

    it('goes on where the application subscribes on the next server at the same position', async () => {
      await subscribedLate();
      late(next, { offset: 7 });
      next.send({ ...publication({ offset: 8 }), channel: LATE });

      await got('1', '8');
    });

    it('gets the snapshot of another server in place of that of the former one', async () => {
      await subscribedLate('snapshot of 7');
      old.send({ t: 'ack', stream: 'chat', id: unanswered });
      await old.closed;
      rig.clock.advance(15_000);

      expect(await resumed(LATE)).toEqual(['chat', LATE, 'T7', 'L', 7, '~']);
      expect(texts).toEqual(['1']);
    });
  });
});
