import { Redis } from 'ioredis';
import { textOf } from '../note.mjs';
import { required } from '../../rig/required.mjs';

/** Keeps the texts in bare streams of Redis. @param {import('./index.mjs').KeeperSetup} setup */
export async function openKeeper({ redisUrl, messages }) {
  const redis = new Redis(required(redisUrl, 'Redis'));
  return {
    async keep(name, notes) {
      const pipeline = redis.pipeline();
      for (const note of notes) pipeline.xadd(name, 'MAXLEN', '~', messages, '*', 'd', textOf(note));
      await pipeline.exec();
    },
    read: async (name) => (await redis.xrange(name, '-', '+')).map(([, [, text]]) => text),
    forget: () => undefined,
  };
}
