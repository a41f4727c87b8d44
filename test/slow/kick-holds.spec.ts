import { Inject, Injectable, Module } from '@nestjs/common';
import { defineChannel, type Subscription } from '@nestwire/messages';
import { Redis } from 'ioredis';
import { StreamGap } from '@nestwire/protocol';
import {
  OnStreamMessage,
  SessionCloseReason,
  StreamEndpoint,
  StreamSession,
  StreamsService,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';
import { Note, note } from '../e2e/messages.js';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { BannableUsers } from '../rig/users.js';

const room = defineChannel('regression.room', {
  messages: [Note],
  history: { messages: 100, ageMs: 600_000 },
});

@Injectable()
class Desk {
  readonly subscriptions = new Map<string, Subscription>();
  mayHave = true;
}

@Module({ providers: [Desk, BannableUsers], exports: [Desk, BannableUsers] })
class DeskModule {}

type Session = StreamSession<Note | StreamGap, StreamUser | null>;

/** Joins a room that the text names, and ends as the text says. */
@StreamEndpoint('rooms')
class RoomsEndpoint {
  constructor(@Inject(Desk) private readonly desk: Desk) {}

  @OnStreamMessage(Note)
  async order(session: Session, { text }: Note): Promise<void> {
    const [verb, name = ''] = text.split(' ');
    if (verb === 'join') this.desk.subscriptions.set(name, await session.subscribe(room(name)));
    if (verb === 'kick') this.desk.subscriptions.get(name)!.remove();
    if (verb === 'close') void session.close(new SessionCloseReason('expelled', 'You were expelled.'));
  }
}

const start = (options: StreamsModuleOptions = {}) =>
  startApp({
    options: { authenticator: BannableUsers, imports: [DeskModule], ...options },
    imports: [DeskModule],
    providers: [RoomsEndpoint],
  });

type Held = readonly [endpoint: string, channel: string, resumeToken: string, ...position: unknown[]];

let lastId = 100;

async function hello(port: number, held: readonly Held[] = [], token = 'alice'): Promise<RawSocket> {
  const raw = await RawSocket.upgrade(port);
  raw.sendJson({ t: 'hello', v: 1, token, client: 'c'.repeat(22), resume: held });
  await raw.frame('welcome');
  raw.sendJson({ t: 'open', id: 1, endpoint: 'rooms' });
  await raw.frame('opened', 1);
  return raw;
}

async function order(raw: RawSocket, text: string): Promise<void> {
  const id = ++lastId;
  raw.sendJson({ t: 'message', id, stream: 'rooms', type: 'e2e.note', data: { text } });
  await raw.until(() => raw.frames.some((frame) => frame.t === 'ack' && (frame.id as number) >= id));
}

function heldOf(raw: RawSocket, name: string): Held {
  const frames = raw.frames.filter(({ channel }) => channel === room(name).name);
  const { resumeToken } = frames.findLast((frame) => frame.resumeToken) as { resumeToken: string };
  const { position } = frames.findLast((frame) => frame.position) as { position: unknown[] };
  return ['rooms', room(name).name, resumeToken, ...position];
}

/** A generation has 8 characters for as long as its time has. */
const generationOf = (held: Held): string => held[2].split('.')[2]!;

const post = (target: RunningApp, name: string, text: string) =>
  target.messages.postMessage(room(name), note(text));

const publications = (raw: RawSocket) =>
  raw.frames
    .filter(({ t }) => t === 'publication')
    .map(
      ({ data }) => (data as { text?: string; reason?: string }).text ?? (data as { reason: string }).reason,
    );

/** Returns what a client gets that comes back with these tokens. */
async function resumed(target: RunningApp, held: readonly Held[]): Promise<string[]> {
  const raw = await hello(target.port, held);
  await raw.until(() => publications(raw).length >= held.length);
  raw.destroy();
  return publications(raw);
}

/** Ends the subscription to the room in another way than the client's. */
const ENDS: Readonly<Record<string, (raw: RawSocket, target: RunningApp) => Promise<unknown>>> = {
  'subscription.remove()': async (raw) => {
    await order(raw, 'kick a');
    await raw.frame('unsubscribed');
  },
  'session.close()': async (raw) => {
    raw.sendJson({ t: 'message', id: 99, stream: 'rooms', type: 'e2e.note', data: { text: 'close' } });
    await raw.frame('closed');
  },
  'revoke()': async (raw, target) => {
    target.get(BannableUsers).banned.add('alice');
    await target.app.get(StreamsService).revoke({ userId: 'alice' });
    await raw.ended();
    target.get(BannableUsers).banned.delete('alice');
  },
};

function describeKicks(startBoth: () => Promise<readonly [RunningApp, RunningApp]>): void {
  it.each(Object.entries(ENDS))('holds after %s, on every server', async (_how, end) => {
    const [first, second] = await startBoth();
    const raw = await hello(first.port);
    await order(raw, 'join a');
    const held = [heldOf(raw, 'a')];
    await end(raw, first);
    raw.destroy();
    await post(first, 'a', 'secret');

    expect(await resumed(first, held)).toEqual(['resume-refused']);
    expect(await resumed(second, held)).toEqual(['resume-refused']);
  });

  it('voids no token that was issued after a new subscription, and none of another channel', async () => {
    const [first, second] = await startBoth();
    const raw = await hello(first.port);
    await order(raw, 'join a');
    await order(raw, 'join b');
    const old = heldOf(raw, 'a');
    await order(raw, 'kick a');
    const elsewhere = await hello(second.port);
    await order(elsewhere, 'join a');
    await elsewhere.until(() => generationOf(heldOf(elsewhere, 'a')) > generationOf(old));
    const held = [heldOf(elsewhere, 'a'), heldOf(raw, 'b')];
    raw.destroy();
    elsewhere.destroy();
    await post(first, 'a', 'for a');
    await post(first, 'b', 'for b');

    expect((await resumed(first, held)).toSorted()).toEqual(['for a', 'for b']);
    expect(await resumed(second, [old])).toEqual(['resume-refused']);
  });

  it('is none when the client leaves: it resumes', async () => {
    const [first, second] = await startBoth();
    const raw = await hello(first.port);
    await order(raw, 'join a');
    const held = [heldOf(raw, 'a')];
    raw.sendJson({ t: 'close', id: 99, stream: 'rooms' });
    await raw.frame('closed');
    raw.destroy();
    await post(first, 'a', 'missed');

    expect(await resumed(second, held)).toEqual(['missed']);
  });
}

afterEach(stopAll);

describe('A kick on one server', () => {
  describeKicks(async () => {
    const target = await start();
    return [target, target];
  });

  it('holds after a restart, also where the tokens are signed with a secret that is configured', async () => {
    const options = { resume: { secret: 's'.repeat(32) } };
    const before = await start(options);
    const raw = await hello(before.port);
    await order(raw, 'join a');
    const held = [heldOf(raw, 'a')];
    await order(raw, 'kick a');
    await stopAll();
    const after = await start(options);

    expect(await resumed(after, held)).toEqual(['resume-refused']);
  });
});

describeWithRedis('A kick on two servers', (redis) => {
  const startBoth = async () =>
    [await start({ redis: redis().url }), await start({ redis: redis().url })] as const;
  describeKicks(startBoth);

  /** Loses the data of Redis between a kick and the return of the client; then does something more. */
  async function comeBackAfterLoss(kick: boolean, more: (client: Redis) => Promise<unknown>) {
    const [first, second] = await startBoth();
    const raw = await hello(first.port);
    await order(raw, 'join a');
    const held = [heldOf(raw, 'a')];
    if (kick) await order(raw, 'kick a');
    raw.destroy();
    const client = new Redis(redis().url);
    await client.flushall();
    await more(client);
    client.disconnect();
    await post(second, 'a', 'secret');
    return resumed(second, held);
  }

  it('holds where Redis loses its data before the client comes back', async () => {
    expect(await comeBackAfterLoss(true, async () => undefined)).toEqual(['resume-refused']);
  });

  it('would not hold if the list did not know when it began (control)', async () => {
    const forgetBeginnings = async (client: Redis) => {
      // The records of users, and those of closed endpoints.
      for (const first of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
        for (const kind of 'uc') await client.hset(`nestwire:v:{${kind}${first}}`, '*', '1');
    };

    expect(await comeBackAfterLoss(true, forgetBeginnings)).toEqual(['epoch-changed']);
  });

  it('costs a client no frame but one when the list begins again: a token that holds', async () => {
    const [first, second] = await startBoth();
    const raw = await hello(first.port);
    await order(raw, 'join a');
    await order(raw, 'join b');
    const old = heldOf(raw, 'b');
    const positions = () =>
      raw.frames.filter(({ t, channel }) => t === 'position' && channel === room('b').name);
    expect(positions()).toEqual([]);

    const client = new Redis(redis().url);
    await client.flushall();
    client.disconnect();
    // Another subscription of the user reads the list.
    await order(raw, 'join c');
    await raw.until(() => positions().length > 0);
    expect(generationOf(heldOf(raw, 'b')) > generationOf(old)).toBe(true);
    const held = [heldOf(raw, 'b')];
    raw.destroy();

    expect(await resumed(second, [old])).toEqual(['resume-refused']);
    expect(await resumed(second, held)).not.toContain('resume-refused');
    expect(positions()).toHaveLength(1);
  });
});
