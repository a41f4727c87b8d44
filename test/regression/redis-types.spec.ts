import { defineChannel, type MessagesService } from '@nestwire/messages';
import { create, StreamGap, StreamMessage, type Message } from '@nestwire/protocol';
import { Type } from 'class-transformer';
import { Redis } from 'ioredis';
import { Note, note } from '../e2e/messages.js';
import { collect, failureOf, startApp, stopAll } from '../e2e/start-app.js';
import { redisEnvelope } from '../rig/redis-envelope.js';
import { redisKey } from '../rig/redis-key.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

const made: string[] = [];

/** A class of the process that no channel names. */
@StreamMessage('types.foreign')
class Foreign {
  declare readonly $type: 'types.foreign';
  constructor() {
    made.push('foreign');
  }
}

@StreamMessage('types.inner')
class Inner {
  declare readonly $type: 'types.inner';
  constructor() {
    made.push('inner');
  }
}

@StreamMessage('types.box')
class Box {
  declare readonly $type: 'types.box';
  label!: string;
  content?: unknown;
  @Type(() => Inner) typed?: Inner;
}

const boxes = defineChannel('typeboxes', { messages: [Box, Note] });
const key = redisKey('c', 'typeboxes');

afterEach(stopAll);

describeWithRedis('A class that Redis names', (redis) => {
  let client: Redis;
  let messages: MessagesService;
  let heard: Message[];
  beforeEach(async () => {
    client = new Redis(redis().url);
    ({ messages } = await startApp({ options: { redis: redis().url } }));
    const stream = messages.createStream(boxes);
    await stream.attached;
    heard = collect(stream);
    // The bootstrap makes an instance of each class for the hash of the contract.
    made.splice(0);
  });
  afterEach(() => client.disconnect());

  /** Publishes on the channel, and a note behind it. */
  const publish = async (type: string, data: object): Promise<void> => {
    await messages.addListener(boxes, (message) => void heard.push(message));
    await client.publish(key, redisEnvelope([type, JSON.stringify(data)]));
    await client.publish(key, redisEnvelope(['e2e.note', '{"text":"behind"}']));
    await until(() => heard.some((message) => message instanceof Note));
  };

  it.each([
    ['as the message', 'types.foreign', {}],
    ['in a property', 'types.box', { label: 'a', content: { $type: 'types.foreign' } }],
    [
      'deep in a property',
      'types.box',
      { label: 'a', content: { $set: [{ in: [{ $type: 'types.foreign' }] }] } },
    ],
    [
      'of nestwire in a property',
      'types.box',
      { label: 'a', content: { $type: 'nestwire.gap', reason: 'x' } },
    ],
    ['of nestwire as the message', 'nestwire.gap', { channel: 'typeboxes', reason: 'trimmed' }],
  ])('is not instantiated %s, when the channel does not name it', async (_where, type, data) => {
    await publish(type, data);

    expect(made).toEqual([]);
    expect(heard.every((message) => message instanceof Note)).toBe(true);
  });

  it('is instantiated when a decorator or the channel names it', async () => {
    await publish('types.box', {
      label: 'a',
      typed: { $type: 'types.inner' },
      content: { $type: 'types.inner' },
    });
    expect(made).toContain('inner');
    expect(heard.some((message) => message instanceof Box)).toBe(true);

    await publish('types.box', { label: 'b', content: { $type: 'e2e.note', text: 'x' } });
    const box = heard.find((message) => message instanceof Box && message.label === 'b') as Box;
    expect(box.content).toBeInstanceOf(Note);
  });

  it('is not posted when it is one of nestwire', async () => {
    const gap = create(StreamGap, { channel: 'plain', reason: 'trimmed' });

    expect(await failureOf(messages.postMessage('plain', gap))).toMatchObject({ code: 'WRONG_MESSAGE' });
    await messages.postMessage('plain', note('x'));
  });
});

it('knows the foreign class by its name', () => {
  expect(new Foreign().$type).toBe('types.foreign');
  expect(made).toEqual(['foreign']);
});
