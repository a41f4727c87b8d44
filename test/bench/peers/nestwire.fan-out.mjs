import { defineChannel, MessagesService } from '@nestwire/messages';
import { OnStreamMessage, OnStreamOpened, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { Note } from './note.class.mjs';

const CHANNEL = 'bench';

class ChannelEndpoint {
  constructor(messages) {
    this.messages = messages;
  }
}

let definition;

/** Defined when it is first used: the class of its messages is marked after this file is loaded. */
function kept() {
  return (definition ??= defineChannel('kept', {
    messages: [Note],
    history: { messages: 1_000, ageMs: 600_000 },
  }));
}

/** Posts what it receives; the channel flows to each client. */
class FanOutEndpoint extends ChannelEndpoint {
  async opened(session) {
    await session.subscribe(CHANNEL);
  }

  // The other peers do not wait for Redis either, before they take the next message.
  note(_session, note) {
    void this.messages.postMessage(CHANNEL, note);
  }
}

/** The same on a channel that is recovered after a reconnect. */
class RecoverableEndpoint extends ChannelEndpoint {
  async opened(session) {
    await session.subscribe(kept());
  }

  note(_session, note) {
    void this.messages.postMessage(kept(), note);
  }
}

/** Each session listens, and sends on what it hears. */
class ForwardEndpoint extends ChannelEndpoint {
  async opened(session) {
    await session.messages.addListener(CHANNEL, (message) => session.sendStreamMessage(message));
  }

  note(_session, note) {
    void this.messages.postMessage(CHANNEL, note);
  }
}

/** Takes the client's next message when its post is with Redis. */
class AwaitEndpoint extends ChannelEndpoint {
  async opened(session) {
    await session.subscribe(CHANNEL);
  }

  async note(_session, note) {
    await this.messages.postMessage(CHANNEL, note);
  }
}

const endpoints = {
  'fan-out': FanOutEndpoint,
  forward: ForwardEndpoint,
  recoverable: RecoverableEndpoint,
  await: AwaitEndpoint,
};

for (const [name, endpoint] of Object.entries(endpoints)) {
  decorate(endpoint, {
    decorators: [StreamEndpoint(name)],
    inject: [MessagesService],
    methods: {
      opened: { decorators: [OnStreamOpened()], takes: [StreamSession] },
      note: { decorators: [OnStreamMessage(Note)], takes: [StreamSession, Note] },
    },
  });
}

/** The classes, to be provided. */
export const FAN_OUT_ENDPOINTS = Object.values(endpoints);
