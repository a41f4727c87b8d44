import type { Codec } from '@nestwire/protocol';
import type { Publication, StoredPublication } from '@nestwire/messages';
import { WsFrame } from '../transport/ws-frame.js';

/** Makes the frame of a publication, the same for all who receive it by a codec. */
export function publicationFrame(codec: Codec, publication: Publication): WsFrame {
  return new WsFrame(codec.encodePublication(publication.channel, publication));
}

/**
 * The frames of publications with a place.
 *
 * Each is made once a codec, and once for each endpoint whose streams get it alone, as long as the
 * publication lives: many who come back at the same time get the same bytes.
 */
export class StoredFrames {
  private readonly made = new WeakMap<StoredPublication, Map<string, WsFrame>>();

  /** @param namesEpoch whether each frame says the epoch, because another may begin without a gap */
  constructor(private readonly namesEpoch: boolean) {}

  /** Returns the frame of a publication, for all that it flows to or for one endpoint. */
  of(publication: StoredPublication, codec: Codec, endpoint?: string): WsFrame {
    const known = this.made.get(publication) ?? new Map<string, WsFrame>();
    this.made.set(publication, known);
    const key = `${codec.subprotocol} ${endpoint ?? ''}`;
    const frame = known.get(key) ?? this.make(publication, codec, endpoint);
    known.set(key, frame);
    return frame;
  }

  private make(publication: StoredPublication, codec: Codec, endpoint: string | undefined): WsFrame {
    const { epoch, offset, id } = publication.position;
    const isNamed = this.namesEpoch || publication.isGap;
    const place = { ...(endpoint && { endpoint }), ...(isNamed && { epoch }), offset, id };
    return new WsFrame(codec.encodePublication(publication.channel, publication, place));
  }
}
