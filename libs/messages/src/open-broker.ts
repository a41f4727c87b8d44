import { LocalBroker } from './local-broker.js';
import type { Broker } from './pubsub/broker.js';
import { MessagesConfigurationError } from './messages-configuration.error.js';
import type { MessagesModuleOptions } from './messages.options.js';

/**
 * Makes the backend that the options ask for; it connects when it is started.
 *
 * @throws {MessagesConfigurationError} when the options contradict themselves, or ioredis is missing
 */
export async function openBroker(options: MessagesModuleOptions = {}): Promise<Broker> {
  if (options.broker && options.redis)
    throw new MessagesConfigurationError(['Both broker and redis are set: leave one out.']);
  if (options.broker) return options.broker;
  if (!options.redis) return new LocalBroker(options.clock);
  const { RedisBroker } = await loadRedis();
  return new RedisBroker(options.redis, options);
}

async function loadRedis(): Promise<typeof import('./redis/index.js')> {
  try {
    return await import('./redis/index.js');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new MessagesConfigurationError(
      ['redis is set and the package ioredis cannot be loaded: npm install ioredis@6'],
      { cause },
    );
  }
}
