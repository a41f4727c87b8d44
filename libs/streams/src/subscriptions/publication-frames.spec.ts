import { StoredPublication } from '@nestwire/messages/internal';
import { messagePack } from '@nestwire/protocol/message-pack';
import { publicationFrame, StoredFrames } from './publication-frames.js';

const codec = messagePack.withLimits({ maxDepth: 32, maxItems: 1_000 } as never);
const position = { epoch: 'epoch', offset: 7, id: 'seventh' };
const publicationOf = (data: string) => new StoredPublication('room', position, { type: 'a.note', data });
const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');

describe('StoredFrames', () => {
  it('sends a gap in the place of a publication that cannot be written', () => {
    const sent = new StoredFrames(false, []).of(publicationOf('{"text":'), codec);

    expect(sent.publication).toMatchObject({ isGap: true, position, channel: 'room' });
    expect(textOf(sent.frame?.frame.bytes)).toContain('unreadable');
  });

  it('sends one that can be written', () => {
    const publication = publicationOf('{"text":"x"}');
    const frames = new StoredFrames(false, []);
    const sent = frames.of(publication, codec);

    expect(sent.publication).toBe(publication);
    expect(textOf(sent.frame?.frame.bytes)).toContain('seventh');
    expect(frames.of(publication, codec)).toBe(sent);
  });

  it('sends nothing where only the newest message counts, and goes on with the next', () => {
    const frames = new StoredFrames(true, []);

    expect(frames.of(publicationOf('{"text":'), codec).frame).toBeUndefined();
    expect(frames.of(publicationOf('{"text":"x"}'), codec).frame).toBeDefined();
  });

  it('makes no frame for a channel that keeps nothing', () => {
    expect(publicationFrame(codec, publicationOf('{"text":'))).toBeUndefined();
    expect(publicationFrame(codec, publicationOf('{"text":"x"}'))).toBeDefined();
  });
});
