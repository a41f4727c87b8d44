// The endpoints of a cluster under faults.
import { OnStreamMessage, OnStreamOpened, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { setTimeout as wait } from 'node:timers/promises';
import { decorate } from '../rig/decorate.mjs';
import { randomFrom } from './random.mjs';
import { Order, Storm } from './rooms.mjs';

/** The channel in which all sessions are present. */
export const LOBBY = 'lobby';
/** Long enough for a fault to come between the work of a handler and its answer. */
const ORDER_MS = 100;
const STORM_WAIT_MS = 4;

/**
 * Defines the endpoints of a server.
 *
 * @param {{ name: string, log: import('./event-log.mjs').EventLog, rooms: number, room: Function }} parts
 */
export function defineEndpoints(parts) {
  const sessions = new Set();
  return {
    sessions,
    endpoints: [defineChat(parts, sessions), defineDesk(parts), defineStorm(parts)],
  };
}

/** All rooms flow to who opens it, who is present in the lobby from then on. */
function defineChat({ rooms, room }, sessions) {
  class ChatEndpoint {
    async opened(session) {
      sessions.add(session.id);
      session.signal.addEventListener('abort', () => sessions.delete(session.id));
      // Presence is repeated later if it fails now, and readers need not wait for it.
      void session.presence.join(LOBBY).catch(() => undefined);
      for (let number = 0; number < rooms; number++) await session.subscribe(room(number));
    }
  }
  return endpoint(ChatEndpoint, 'chat', {
    opened: { decorators: [OnStreamOpened()], takes: [StreamSession] },
  });
}

/** Writes down what it did for its clients, which must be once. */
function defineDesk({ name, log }) {
  class DeskEndpoint {
    async order(_session, { sid, seq }) {
      log.write('exec', { sid, seq, p: name });
      await wait(ORDER_MS);
    }
  }
  return endpoint(DeskEndpoint, 'desk', {
    order: { decorators: [OnStreamMessage(Order, { once: true })], takes: [StreamSession, Order] },
  });
}

/** Subscribes to rooms and leaves them in a storm, and in the end is in all of them. */
function defineStorm({ rooms, room }) {
  class StormEndpoint {
    async storm(session, { rounds, seed }) {
      const random = randomFrom(seed);
      const pending = [];
      for (let round = 0; round < rounds; round++) {
        const subscribing = session.subscribe(room(Math.floor(random() * rooms)));
        // Some are let go of before they are in force, some after others have begun.
        if (random() < 0.5) await subscribing;
        pending.push(subscribing);
        if (random() < 0.2) await wait(random() * STORM_WAIT_MS);
        const at = Math.floor(random() * pending.length);
        if (random() < 0.9) void pending.splice(at, 1)[0].then((subscription) => subscription.remove());
      }
      for (const subscription of await Promise.all(pending)) subscription.remove();
      for (let number = 0; number < rooms; number++) await session.subscribe(room(number));
    }
  }
  return endpoint(StormEndpoint, 'storm', {
    storm: { decorators: [OnStreamMessage(Storm)], takes: [StreamSession, Storm] },
  });
}

function endpoint(cls, name, methods) {
  decorate(cls, { decorators: [StreamEndpoint(name)], methods });
  return cls;
}
