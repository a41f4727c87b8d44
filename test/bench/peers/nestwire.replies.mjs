import { UseGuards } from '@nestjs/common';
import { StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamCall, StreamEndpoint, StreamMethod, StreamSession } from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { Note } from './note.class.mjs';
import { Receipt, receiptOf } from './receipt.class.mjs';

decorate(Receipt, { decorators: [StreamMessage('bench.receipt')] });

class Gate {
  canActivate() {
    return true;
  }
}

/** Replies to calls. */
class ReplyEndpoint {
  receipt(_call, note) {
    return receiptOf(note);
  }

  nothing() {}
}

/** Handles messages, which are acknowledged. */
class AckEndpoint {
  note() {}
}

/** Answers a message with another one. */
class SendEndpoint {
  note(session, note) {
    return session.sendStreamMessage(receiptOf(note));
  }
}

const method = { decorators: [StreamMethod(Note)], takes: [StreamCall, Note] };
const handler = { decorators: [OnStreamMessage(Note)], takes: [StreamSession, Note] };

decorate(ReplyEndpoint, {
  decorators: [StreamEndpoint('reply'), UseGuards(Gate)],
  methods: { receipt: method, nothing: method },
});
decorate(AckEndpoint, {
  decorators: [StreamEndpoint('ack'), UseGuards(Gate)],
  methods: { note: handler },
});
decorate(SendEndpoint, {
  decorators: [StreamEndpoint('send'), UseGuards(Gate)],
  methods: { note: handler },
});

/** The classes, to be provided. */
export const REPLY_ENDPOINTS = [ReplyEndpoint, AckEndpoint, SendEndpoint];
