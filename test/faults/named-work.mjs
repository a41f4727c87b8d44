// Durable consumers of a server under faults: they write down what they have handled.
import { StreamGap } from '@nestwire/protocol';
import { setTimeout as wait } from 'node:timers/promises';

const NAME = 'work';

/**
 * Reads all rooms under a name that the servers share.
 *
 * @param {import('@nestwire/messages').DurableConsumersService} readers
 * @param {{ name: string, log: import('./event-log.mjs').EventLog, scope: string, rooms: number, room: Function,
 *   handlerMs: number, claimAfterMs: number }} parts
 */
export async function readByName(readers, { name, log, scope, rooms, room, handlerMs, claimAfterMs }) {
  for (let number = 0; number < rooms; number++) {
    const ch = `${scope}room:${number}`;
    const handle = async (message, { attempt, position }) => {
      const place = { p: name, ch, attempt, e: position.epoch, o: position.offset };
      if (message instanceof StreamGap) return log.write('work_gap', { ...place, reason: message.reason });
      await wait(handlerMs);
      // The work is done and counts, even if the process can no longer report it.
      log.write('work', { ...place, id: message.id });
    };
    log.write('work_start', { p: name, ch });
    await readers.addConsumer(room(number), handle, { name: NAME, from: 'oldest', claimAfterMs });
  }
}
