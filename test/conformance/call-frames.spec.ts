import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DEFAULT_JSON_LIMITS,
  FrameFault,
  JsonCodec,
  type Codec,
  type FrameFaultFacts,
  type ServerFrame,
  type ServerItemFrame,
} from '@nestwire/protocol/codec';
import { messagePack } from '@nestwire/protocol/message-pack';

interface Vector {
  readonly frame: Readonly<Record<string, unknown>>;
  readonly messagePack: string;
}

interface Refused {
  readonly frame: object;
  readonly fault: FrameFaultFacts & { readonly code: string };
}

const { client, server, refused } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'call-frames.json'), 'utf8'),
) as { client: Vector[]; server: Vector[]; refused: Refused[] };

const json = new JsonCodec();
const packed: Codec = messagePack.withLimits(DEFAULT_JSON_LIMITS);

function packedClientFrame(frame: object): Uint8Array {
  return messagePack.encode(frame, messagePack.subprotocol) as Uint8Array;
}

describe('The vectors of call frames', () => {
  it.each(client)('are read from a client: $frame', ({ frame, messagePack: hex }) => {
    expect(json.decodeClientFrame(JSON.stringify(frame))).toEqual(frame);
    expect(packed.decodeClientFrame(Uint8Array.from(Buffer.from(hex, 'hex')))).toEqual(frame);
  });

  it.each(server)('are written by a server: $frame', ({ frame, messagePack: hex }) => {
    expect(json.encodeFrame(frame as unknown as ServerFrame)).toBe(JSON.stringify(frame));
    expect(
      Buffer.from(packed.encodeFrame(frame as unknown as ServerFrame) as Uint8Array).toString('hex'),
    ).toBe(hex);
  });

  it.each(server.filter(({ frame }) => frame.data))(
    'are written around an encoded message: $frame',
    ({ frame, messagePack: hex }) => {
      const { type, data, ...head } = frame as unknown as ServerItemFrame;
      const message = { type, data: JSON.stringify(data) };
      const write = (codec: Codec) =>
        head.t === 'item'
          ? codec.encodeItem(head.call, head.n, message)
          : codec.encodeAround(head as never, message);

      expect(write(json)).toBe(JSON.stringify(frame));
      expect(Buffer.from(write(packed) as Uint8Array).toString('hex')).toBe(hex);
    },
  );

  it.each(refused)('are refused: $frame', ({ frame, fault }) => {
    const facts = { id: undefined, call: undefined, closeCode: undefined, ...fault };

    for (const verdict of [
      json.decodeClientFrame(JSON.stringify(frame)),
      packed.decodeClientFrame(packedClientFrame(frame)),
    ]) {
      expect(verdict).toBeInstanceOf(FrameFault);
      expect(verdict).toMatchObject(facts);
    }
  });

  it('name the call of a frame that is refused before it is decoded', () => {
    const deep: unknown = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 1);
    const item = { t: 'item', call: 70_000, type: 'files.chunk', data: { deep } };

    for (const verdict of [
      json.decodeClientFrame(JSON.stringify(item)),
      packed.decodeClientFrame(packedClientFrame(item)),
    ])
      expect(verdict).toMatchObject({ code: 'TOO_COMPLEX', id: 70_000, call: 70_000 });
    expect(json.peek(Buffer.from(JSON.stringify(item)))).toMatchObject({ t: 'item', call: 70_000 });
    expect(packed.peek(packedClientFrame(item))).toMatchObject({ t: 'item', call: 70_000 });
  });
});
