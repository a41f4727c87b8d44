import { create, StreamMessage } from '@nestwire/protocol';
import { JsonCodec } from '@nestwire/protocol/codec';
import { encodingOf, rememberEncoding } from '@nestwire/protocol/compiled';
import { SharedPayload } from '../../transport/shared-payload.js';
import { MessageFrames } from './message-frames.js';
import '../../../../../test/rig/message-libraries.js';

@StreamMessage('frames.note')
class Note {
  declare readonly $type: 'frames.note';
  text = 'x';
}

function remembered(): Note {
  const note = Object.freeze(new Note());
  rememberEncoding(note, encodingOf(note));
  return note;
}

describe('The frames of messages', () => {
  it('are made once for a message that cannot change, for all sessions of an endpoint', () => {
    const frames = new MessageFrames(new JsonCodec());
    const note = remembered();

    const frame = frames.of('chat', note);

    expect(frame).toBeInstanceOf(SharedPayload);
    expect(frames.of('chat', note)).toBe(frame);
  });

  it('name the stream that they are for', () => {
    const frames = new MessageFrames(new JsonCodec());
    const note = remembered();

    const texts = ['chat', 'desk', 'chat'].map((stream) => {
      const { frame } = frames.of(stream, note) as SharedPayload;
      return frame.bytes.subarray(2).toString();
    });

    expect(texts).toEqual(
      ['chat', 'desk', 'chat'].map(
        (stream) => `{"t":"message","stream":"${stream}","type":"frames.note","data":{"text":"x"}}`,
      ),
    );
  });

  it('follow a message that may change', () => {
    const frames = new MessageFrames(new JsonCodec());
    const note = create(Note, {});
    frames.of('chat', note);

    note.text = 'y';

    expect(frames.of('chat', note)).toContain('"text":"y"');
  });
});
