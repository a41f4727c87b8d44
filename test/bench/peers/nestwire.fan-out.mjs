import { MessagesService } from '@nestwire/messages';
import { OnStreamMessage, OnStreamOpened, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { Note } from './note.class.mjs';

const CHANNEL = 'bench';

class ChannelEndpoint {
  constructor(messages) {
    this.messages = messages;
  }
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

const endpoints = { 'fan-out': FanOutEndpoint, forward: ForwardEndpoint, await: AwaitEndpoint };

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
