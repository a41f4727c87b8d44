import { defineChannel } from '@nestwire/messages';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { FOLLOWED } from '../history.workloads.mjs';
import { Note } from './note.class.mjs';

const names = Array.from({ length: FOLLOWED }, (_, index) => `followed-${index}`);

let definition;

/** Defined when it is first used: the class of its messages is marked after this file is loaded. */
function kept(name) {
  definition ??= defineChannel('followed', {
    messages: [Note],
    history: { messages: 1_000, ageMs: 600_000 },
  });
  return definition(name);
}

/** Lets the channels flow to a client that sends a message. */
class FollowEndpoint {
  async note(session) {
    for (const name of names) await session.subscribe(name);
  }
}

/** The same with channels that are recovered after a reconnect. */
class FollowRecoverableEndpoint {
  async note(session) {
    for (const name of names) await session.subscribe(kept(name));
  }
}

const endpoints = { follow: FollowEndpoint, 'follow-recoverable': FollowRecoverableEndpoint };

for (const [name, endpoint] of Object.entries(endpoints)) {
  decorate(endpoint, {
    decorators: [StreamEndpoint(name)],
    methods: { note: { decorators: [OnStreamMessage(Note)], takes: [StreamSession, Note] } },
  });
}

/** The classes, to be provided. */
export const FOLLOW_ENDPOINTS = Object.values(endpoints);
