import { LocalBroker } from './local-broker.js';
import { MessagesConfigurationError } from './messages-configuration.error.js';
import type { MessagesModuleOptions } from './messages.options.js';
import { openBroker } from './open-broker.js';
import { RedisBroker } from './redis/redis-broker.js';

const URL = 'redis://127.0.0.1:1';

describe('The options of a broker', () => {
  it.each<[string, MessagesModuleOptions | undefined]>([
    ['none', undefined],
    ['no redis', {}],
    ['an undefined URL', { redis: undefined }],
    ['an undefined connection with tuning', { redis: { connection: undefined, prefix: 'shop' } }],
  ])('keep channels in the process: %s', async (_name, options) => {
    expect(await openBroker(options)).toBeInstanceOf(LocalBroker);
  });

  it.each<[string, MessagesModuleOptions]>([
    ['a URL', { redis: URL }],
    ['a URL with tuning', { redis: { connection: URL, prefix: 'shop' } }],
    ['options of ioredis', { redis: { host: '127.0.0.1', port: 1 } }],
    ['options of ioredis with tuning', { redis: { connection: { port: 1 }, commandTimeoutMs: 500 } }],
  ])('take %s for a Redis', async (_name, options) => {
    const broker = await openBroker(options);

    expect(broker).toBeInstanceOf(RedisBroker);
    await broker.close();
  });

  it('pass the tuning to Redis, where it is checked', async () => {
    const opened = openBroker({ redis: { connection: URL, prefix: 'a:b', commandTimeoutMs: -1 } });

    await expect(opened).rejects.toMatchObject({
      problems: [
        expect.stringContaining('commandTimeoutMs must be'),
        expect.stringContaining('prefix must have'),
      ],
    });
  });

  it('refuse the tuning beside redis, where older versions took it', async () => {
    const options = { redis: URL, prefix: 'shop', commandTimeoutMs: 500 } as MessagesModuleOptions;
    const error: unknown = await openBroker(options).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(MessagesConfigurationError);
    expect(error).toMatchObject({
      code: 'MESSAGES_CONFIGURATION',
      problems: [
        'prefix is an option of Redis: write redis: { connection, prefix }.',
        'commandTimeoutMs is an option of Redis: write redis: { connection, commandTimeoutMs }.',
      ],
    });
  });

  it('take a broker, unless there is a connection too', async () => {
    const broker = new LocalBroker();

    expect(await openBroker({ broker })).toBe(broker);
    expect(await openBroker({ broker, redis: { connection: undefined } })).toBe(broker);
    await expect(openBroker({ broker, redis: URL })).rejects.toThrow('Both broker and redis are set');
    await broker.close();
  });
});
