import { jest } from '@jest/globals';
import { FakeClock } from '@nestwire/testing';
import { ChannelPositions } from '../../libs/client/src/endpoint/channel-positions.js';
import { RecentIds } from '../../libs/messages/src/history/recent-ids.js';
import { Note } from '../rig/recovery/desk.app.js';
import { LocalStore } from '../rig/recovery/local.store.js';
import type { EndpointName, RigClient } from '../rig/recovery/rig-client.js';
import { stepsOf } from '../rig/recovery/steps.js';
import { World } from '../rig/recovery/world.js';

let world: World;

/** Returns what takes a channel back to what it is now. */
async function undoing(channel: string): Promise<() => Promise<void>> {
  const forLedger = world.ledger.save(channel);
  const forStore = await world.options.store.save(channel);
  return async () => {
    forLedger();
    await forStore();
  };
}

/** Takes a channel back to what it was, after something was done. */
async function undone(channel: string, act: () => Promise<void>): Promise<void> {
  const undo = await undoing(channel);
  await act();
  await undo();
}

async function post(channel: string, node = 0): Promise<void> {
  world.post(node, channel);
  await world.settle();
}

beforeEach(async () => {
  const clock = new FakeClock();
  world = await World.start({ clock, store: new LocalStore(clock) });
  await world.begin();
});

afterEach(async () => {
  jest.restoreAllMocks();
  await world.stop();
});

describe('A reader', () => {
  it('forgets the messages of a lost timeline, instead of reading in circles', async () => {
    const [channel = ''] = world.channels;
    await post(channel);
    world.histories[0]!.hearing = 'held';
    await undone(channel, async () => {
      await post(channel, 1);
      await post(channel, 1);
    });
    world.histories[0]!.hearing = 'now';
    await post(channel, 1);
    world.histories[0]!.heal();
    await world.settle();

    expect(await world.finish()).toEqual([]);
  });

  it('notices that its history is an older one when somebody asks for what it no longer leads to', async () => {
    const [channel = ''] = world.channels;
    await post(channel);
    world.clients[1]!.isOnline = false;
    world.clients[1]!.cut('both');
    await undone(channel, async () => {
      await post(channel);
      await post(channel);
    });
    Object.assign(world.clients[1]!, { isOnline: true, target: 0 });
    await world.advance(200);

    expect(await world.finish()).toEqual([]);
  });
});

describe('A reader that could not read yet', () => {
  it('is not held up by a doubt', async () => {
    const [channel = ''] = world.channels;
    world.histories[0]!.failingReads = 2;
    world.clients[0]!.cut('both');
    await post(channel);
    await world.advance(1_100);
    world.histories[0]!.doubt([channel]);
    await world.settle();

    expect(await world.finish()).toEqual([]);
  });
});

describe('A connection that is lost', () => {
  it('has all its channels back, though one cannot be read yet and one was asked for meanwhile', async () => {
    const [long = '', , , board = '', newest = ''] = world.channels;
    const [client] = world.clients as [RigClient];
    world.histories[0]!.failingReads = 1;
    client.cut('near');
    await post(long);
    await world.advance(200);
    client.wish('desk', 'subscribe', board);
    await world.settle();
    await post(newest);

    expect(await world.finish()).toEqual([]);
  });

  it('leaves nothing behind while one of its sessions waits for a channel', async () => {
    const [channel = ''] = world.channels;
    const [back, present] = world.clients as [RigClient, RigClient];
    // Somebody else follows the channel here, so that its position is known.
    present.target = 0;
    present.cut('both');
    await world.advance(200);
    back.isOnline = false;
    back.cut('both');
    await post(channel);
    await world.advance(3_000);
    world.plan.eager.add(back.user);
    world.histories[0]!.failingReads = 1_000;
    back.isOnline = true;
    await world.advance(200);
    back.cut('both');
    present.cut('both');
    await world.settle();

    expect(world.nodes[0]!.streams.counters()).toMatchObject({ connections: 0, sessions: 0, channels: 0 });
    expect(await world.finish()).toEqual([]);
  });

  it('resumes no channel more', async () => {
    world.clients[0]!.cut('both');
    await world.settle();
    world.clock.advance(2_000);
    world.histories[0]!.slowTurns = 60;
    world.clock.advance(200);
    const { streams } = world.nodes[0]!;
    while (streams.counters().channels === 0) {
      world.clock.advance(10);
      await new Promise(setImmediate);
    }
    world.clients[0]!.cut('both');
    await world.settle();

    expect(world.nodes[0]!.streams.counters()).toMatchObject({ connections: 0, sessions: 0, channels: 0 });
    expect(await world.finish()).toEqual([]);
  });
});

describe('A session that joins where another one of its client is behind', () => {
  it('receives a gap when the timeline on which it joined is lost, though the other one has never seen it', async () => {
    const [channel = ''] = world.channels;
    const [client] = world.clients as [RigClient];
    client.pause();
    for (let index = 0; index < 14; index++) world.post(0, channel, { bytes: 400 });
    await world.settle();
    await undone(channel, async () => {
      await post(channel);
      client.wish('desk', 'subscribe', channel);
      await world.settle();
    });
    await post(channel);
    client.resume();
    await world.settle();

    expect(await world.finish()).toEqual([]);
    const names = (endpoint: EndpointName) =>
      client.got[endpoint].map((one) => (one instanceof Note ? one.name : one.$type));
    expect(names('lobby').slice(-2)).toEqual(['m14', 'm16']);
    expect(names('desk').at(-1)).toBe('nestwire.gap');
  });
});

describe('A message that a gap named', () => {
  it('still comes when the gap after that, of a server that knows less, stands before it', async () => {
    const [channel = ''] = world.channels;
    const [, client] = world.clients as [RigClient, RigClient];
    const comeBackTo = async (node: number) => {
      world.expireTickets();
      client.target = node;
      client.cut('both');
      await world.advance(200);
    };
    world.plan.always.set(client.user, [channel]);
    world.histories[0]!.hearing = 'lost';
    client.isOnline = false;
    client.cut('both');
    await post(channel);
    client.isOnline = true;
    await comeBackTo(1);
    await comeBackTo(0);

    expect(await world.finish()).toEqual([]);
    expect(client.got.desk.map((one) => (one instanceof Note ? one.name : one.$type))).toEqual([
      'nestwire.gap',
      'nestwire.gap',
      'm1',
    ]);
  });
});

describe('The newest message', () => {
  it('is an older one after its history was taken back', async () => {
    const channel = world.channels[4]!;
    await post(channel);
    await undone(channel, async () => {
      await post(channel);
      await post(channel);
    });

    expect(await world.finish()).toEqual([]);
  });

  it('is not followed by an older one of a server that has not heard it', async () => {
    const channel = world.channels[4]!;
    await post(channel);
    world.histories[1]!.hearing = 'lost';
    await post(channel);
    Object.assign(world.clients[0]!, { target: 1 });
    world.clients[0]!.cut('both');
    await world.advance(200);

    expect(world.clients[0]!.got.desk.flatMap((one) => (one instanceof Note ? [one.name] : []))).toEqual([
      'm1',
      'm2',
    ]);
    expect(await world.finish()).toEqual([]);
  });
});

describe('A client that a server hands over', () => {
  /** Lets the next server tell late what the former one has told. */
  async function handedOver(channel: string): Promise<void> {
    const [client] = world.clients as [RigClient];
    await post(channel);
    await post(channel);
    const { opens } = client;
    client.handOver(1);
    world.clock.advance(10);
    while (client.opens < opens + 2) await new Promise(setImmediate);
    client.pause();
    await world.settle();
    await post(channel);
    await post(channel);
    client.resume();
    await world.settle();
    await post(channel);
  }

  it.each([
    ['of which the newest message matters', 4],
    ['with history', 0],
  ])('gets each message of a channel %s once, and none after a newer one', async (_, index) => {
    const channel = world.channels[index]!;
    await handedOver(channel);

    expect(await world.finish()).toEqual([]);
    const names = world.clients[0]!.got.desk.flatMap((one) => (one instanceof Note ? [one.name] : []));
    expect(names).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  });

  it('would get an older message if it took what the next server sends as that comes', async () => {
    for (const method of ['advance', 'update'] as const) {
      const original = ChannelPositions.prototype[method] as (...args: unknown[]) => never;
      jest.spyOn(ChannelPositions.prototype, method).mockImplementation(function (
        this: ChannelPositions,
        ...args: unknown[]
      ) {
        this.forEach((state) => (state.floor = state.oldFloor = undefined));
        return original.apply(this, args);
      });
    }
    const channel = world.channels[4]!;
    await handedOver(channel);

    expect(await world.finish()).toContain(`desk: latest goes back in ${channel}`);
  });
});

/** As the report of an exploration tells them. */
const BROKE_ONCE: Readonly<Record<string, string>> = {
  'a read meets the restore of its history':
    'save(0,0,0,0, settled),wait(0,0,0,7, settled),restore(0,0,0,0, settled),wait(0,0,0,7, 0),restore(0,0,0,0, settled),post(0,0,0,0, settled)',
  'a history ends and goes back while a client leaves its server':
    'subscribe(0,1,3,0, settled),lose(0,0,3,0, settled),handOverSlowly(0,1,3,0, settled),post(0,0,3,0, settled),save(0,0,3,0, settled),post(0,0,3,0, settled),handOver(1,0,3,0, settled),wait(0,0,3,0, settled),restore(0,0,3,0, settled),wait(0,0,3,8, settled),post(0,0,3,0, settled)',
  'a client that reads slowly gets a snapshot of the server that it leaves':
    'post(0,0,3,0, 1),handOverSlowly(1,0,0,0, settled),postMuch(0,0,3,0, settled),post(0,0,0,0, settled)',
  'a server that is left subscribes a client that has sent hello to the next one':
    'pause(0,0,2,7, settled),subscribe(1,0,2,6, settled),handOver(0,0,2,1, settled),wait(0,1,2,8, 3),subscribe(0,0,2,6, 0),handOverSlowly(0,0,2,3, settled),post(1,0,2,9, 0)',
  'the next server gives the newest message once more before the application subscribes anew':
    'failReads(0,0,2,3, 3),beEager(0,1,0,0, settled),handOver(0,1,2,9, settled),post(0,1,2,2, 1),wait(0,1,0,7, 0),post(0,1,4,8, 3),subscribe(1,1,4,5, settled)',
  'a gap of the server that is left is further on than the next server':
    'doubt(0,0,2,1, settled),doubt(0,1,2,8, 1),hear(0,0,2,5, settled),move(1,1,2,6, 0),postSome(0,1,2,4, 1),handOverSlowly(1,0,2,3, 0),post(1,1,2,4, settled),post(1,1,2,1, settled),post(0,1,2,1, settled),wait(0,1,2,3, settled)',
  'a server that is left subscribes a client, with a snapshot, that has sent hello to the next one':
    'subscribe(1,1,3,6, 0),handOverSlowly(0,1,3,2, 0),handOver(0,1,3,4, settled),post(0,1,3,0, settled)',
  'the application subscribes on the next server again to what the former one has subscribed late':
    'slowReads(0,0,0,4, 0),subscribe(0,0,1,0, 0),handOver(1,0,1,0, 0),wait(0,0,1,0, settled),post(1,0,1,0, settled),subscribe(1,0,1,0, settled),post(1,0,1,0, settled)',
  'a newest message comes again after a restore, by a server that gave it as an older one before':
    'handOverSlowly(0,1,4,6, 3),postSome(0,0,4,9, 3),save(0,0,4,1, 3),post(0,1,4,5, 1),restore(0,0,4,8, 3)',
  'a server that is left follows another timeline than its client, without a gap':
    'move(1,0,3,2, 1),save(1,1,0,3, settled),wait(1,0,1,4, settled),handOverSlowly(0,0,0,2, settled),hear(0,1,1,9, settled),post(1,1,0,7, 0),subscribe(0,1,0,0, settled),resume(1,0,0,7, 1),slowReads(0,0,2,2, 1),handOverSlowly(1,0,0,2, settled),restore(0,1,3,7, settled),post(0,0,0,3, settled),handOverSlowly(0,1,0,4, 1),post(1,1,0,6, settled)',
  'the next server is on a former timeline, of which the client had the messages':
    'save(1,1,0,4, settled),handOverSlowly(1,0,0,0, settled),postSome(0,1,0,4, settled),restore(0,1,0,4, settled),post(0,1,0,0, settled),wait(0,0,0,8, 1),cut(1,1,0,2, 3)',
  'a snapshot of the server that is left leads back before the position that the next one was told':
    'failReads(1,1,0,6, 1),handOver(0,1,3,0, 3),save(1,1,3,8, 3),post(0,1,3,6, settled),handOverSlowly(1,0,3,6, 0),restore(1,0,3,8, settled),subscribe(0,1,3,0, 0),handOver(0,0,0,7, 3)',
  'a gap of the server that is left leads back before the position that the next one was told':
    'handOver(0,1,2,0, settled),save(1,0,2,5, 3),post(0,0,2,7, settled),slowReads(0,1,0,7, settled),restore(1,0,0,7, 0),wait(1,0,0,9, 1),handOver(1,0,0,3, 1)',
  'a client signs in as another user on a connection that it began as the former one':
    'move(1,0,2,3, settled),wait(0,1,2,5, 0),changeUser(1,0,2,3, settled),renew(1,0,2,0, 3),postMuch(0,0,2,4, 0)',
  'the newest message comes again when a history ends and is restored':
    'post(1,0,4,4, settled),move(1,0,4,3, settled),save(1,1,4,2, settled),lose(0,0,4,7, settled),wait(0,1,4,9, 0),cut(0,0,4,6, 3),restore(0,0,4,5, 1)',
  'the next server counts as new what the former one subscribed late':
    'hear(0,0,2,1, settled),post(0,0,2,6, settled),post(1,1,2,8, 3),post(1,1,2,9, settled),post(1,1,2,0, settled),subscribe(1,0,2,9, 0),handOverSlowly(1,0,2,1, 1),post(0,1,2,9, 1),post(0,0,2,7, settled),post(0,0,2,5, settled),post(1,0,2,6, settled),subscribe(0,0,2,9, settled)',
  'the next server tells the newest messages of two epochs that the former one has told':
    'handOverSlowly(0,0,4,1, 0),post(0,0,4,7, 3),lose(0,0,4,7, 0),wait(1,1,4,3, 0),post(1,1,4,7, settled)',
  'the newest message goes back with its history while a client moves':
    'hear(1,1,0,9, settled),handOver(0,1,0,5, 1),save(0,0,4,5, 0),wait(0,1,0,5, settled),post(0,1,4,9, 3),restore(0,0,0,2, settled),move(1,1,2,8, settled),wait(1,1,3,1, 3)',
  'the newest message goes back with its history in a handover':
    'hear(1,1,4,1, 3),save(1,1,4,5, settled),post(0,0,4,0, 0),handOver(1,0,4,8, 1),restore(1,1,2,8, 1),wait(1,1,1,3, settled),wait(1,0,2,2, settled)',
  'a server that is left unsubscribes a channel after the hello to the next one':
    'handOver(0,0,0,7, settled),wait(1,1,0,3, 0),post(0,0,0,8, 1),unsubscribe(0,0,0,1, settled)',
};

describe('A run that broke once', () => {
  it.each(Object.entries(BROKE_ONCE))('holds: %s', async (_what, report) => {
    const steps = stepsOf(report);
    expect(steps.join()).toBe(report);
    for (const step of steps) await step.run(world);

    expect(await world.finish()).toEqual([]);
  });

  it('would miss messages if it took what the next server says of a channel that was subscribed late', async () => {
    jest.spyOn(ChannelPositions.prototype, 'add').mockImplementation(function (
      this: ChannelPositions,
      frame,
    ) {
      this.update(frame);
    });
    const late =
      'the application subscribes on the next server again to what the former one has subscribed late';
    for (const step of stepsOf(BROKE_ONCE[late]!)) await step.run(world);

    expect(await world.finish()).toContain(`desk: I3 no silent loss in ${world.channels[1]}`);
  });

  it('would get no snapshot if it kept the position of a snapshot that it drops', async () => {
    jest.spyOn(ChannelPositions.prototype, 'skip').mockReturnValue(undefined);
    const dropped =
      'a server that is left subscribes a client, with a snapshot, that has sent hello to the next one';
    for (const step of stepsOf(BROKE_ONCE[dropped]!)) await step.run(world);

    expect(await world.finish()).toContain(`desk: I1 order in ${world.channels[3]}`);
  });
});

describe('A message that a history lost and has again', () => {
  /** Everybody here has had it; who comes while it is lost has not. */
  async function lostAndBack(whileLost: (channel: string) => unknown): Promise<string[]> {
    const [channel = ''] = world.channels;
    Object.assign(world.clients[1]!, { target: 0 });
    world.clients[1]!.cut('both');
    await world.advance(200);
    world.listen(0, channel);
    await world.settle();
    let backAgain = async (): Promise<void> => undefined;
    await undone(channel, async () => {
      await post(channel);
      backAgain = await undoing(channel);
      await post(channel);
    });
    await world.advance(13_000);
    whileLost(channel);
    await world.settle();
    await backAgain();
    await post(channel);
    return world.finish();
  }

  it('comes to a client that came in between', async () => {
    const [, client] = world.clients as [RigClient, RigClient];

    expect(await lostAndBack((channel) => client.wish('lobby', 'subscribe', channel))).toEqual([]);
    expect(client.got.lobby.map((one) => (one instanceof Note ? one.name : one))).toEqual(['m1', 'm3']);
  });

  it('comes to a listener that came in between, and to no other one twice', async () => {
    expect(await lostAndBack((channel) => world.listen(0, channel))).toEqual([]);
  });

  it('would come twice if listeners did not know what they have had', async () => {
    jest.spyOn(RecentIds.prototype, 'has').mockReturnValue(false);

    expect(await lostAndBack(() => undefined)).toEqual([
      expect.stringMatching('listener: I5 no duplicates') as unknown,
    ]);
  });
});
