import { create } from './create.js';
import { channelName, isFromChannel, metaOf, rememberOrigin } from './message-meta.js';
import { StreamGap } from './stream-gap.js';
import { StreamMessage } from './stream-message.decorator.js';

@StreamMessage('meta.spec.said')
class Said {
  declare readonly $type: 'meta.spec.said';
}

describe('metaOf()', () => {
  it('returns the origin of a received message, frozen or not', () => {
    const message = Object.freeze(new Said());
    rememberOrigin(message, { channel: 'room:r0', wirePosition: ['E', 1, 'm1'] });

    expect(metaOf(message)).toEqual({ channel: 'room:r0', position: ['E', 1, 'm1'] });
  });

  it('returns undefined for what came from no channel', () => {
    expect(metaOf(new Said())).toBeUndefined();
    expect(metaOf(undefined as never)).toBeUndefined();
  });
});

describe('isFromChannel()', () => {
  const gap = create(StreamGap, { channel: channelName('room', 'r0'), reason: 'trimmed' });

  it.each([
    ['a name', 'room:r0'],
    ['a channel of a definition', { name: 'room:r0' }],
    ['a definition', Object.defineProperty(() => undefined, 'name', { value: 'room:r0' })],
  ])('compares a gap with %s', (_, channel) => expect(isFromChannel(gap, channel)).toBe(true));

  it('compares a message by its origin', () => {
    const message = new Said();
    expect(isFromChannel(message, 'room:r0')).toBe(false);
    rememberOrigin(message, { channel: 'room:r0' });

    expect(isFromChannel(message, 'room:r0')).toBe(true);
    expect(isFromChannel(message, channelName('room', 'r1'))).toBe(false);
  });

  it('takes no property of a message for its channel', () =>
    expect(isFromChannel(Object.assign(new Said(), { channel: 'room:r0' }), 'room:r0')).toBe(false));
});
