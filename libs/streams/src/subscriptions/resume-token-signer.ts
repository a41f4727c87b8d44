import type { Position } from '@nestwire/messages';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const MAC_BYTES = 18;
const RESUME_TOKEN = /^([0-9a-z]{1,12})\.([0-9a-z]{1,12})\.([0-9a-z]{1,12})\.([A-Za-z0-9_-]{24})$/;

/** The most characters of a resume token. */
export const MAX_RESUME_TOKEN_CHARACTERS = 63;

/** What a resume token is for: an identity, an endpoint and a channel. */
export interface ResumeTokenSubject {
  /** The identity: a user, or an anonymous client by its secret id. */
  readonly holder: string;
  readonly endpoint: string;
  readonly channel: string;
}

/** What a resume token is good for, besides its subject. */
interface Terms {
  readonly expiry: string;
  readonly epoch: string;
  /** The first offset that it opens. */
  readonly start: string;
  /** The generation of tokens that it is of. */
  readonly generation: string;
}

/** Says what a resume token for a session's channel is for. */
export function resumeTokenSubject(
  { holder, endpoint }: { readonly holder: string; readonly endpoint: string },
  channel: string,
): ResumeTokenSubject {
  return { holder, endpoint, channel };
}

/**
 * Signs resume tokens: the proof that a user's stream was subscribed to a channel.
 *
 * From which place on, too: a resume token opens nothing of the history that was before the user was there.
 *
 * All servers of a cluster sign with one secret, so that a client may come back to any of them.
 */
export class ResumeTokenSigner {
  // Until the cluster's secret is known, resume tokens are good in this process.
  private secret: string | Buffer = randomBytes(32);

  constructor(private readonly resumeTokenMs: number) {}

  /** Signs with this secret from now on. */
  use(secret: string): void {
    this.secret = secret;
  }

  /**
   * Returns a resume token: its expiry, the offset it is good from, its generation and a MAC.
   *
   * It has 30 to 63 characters.
   */
  issue(subject: ResumeTokenSubject, { epoch, offset }: Position, generation = 0): string {
    const expiry = (Date.now() + this.resumeTokenMs).toString(36);
    const terms = { expiry, epoch, start: offset.toString(36), generation: generation.toString(36) };
    const mac = this.mac(subject, terms).toString('base64url');
    return [expiry, terms.start, terms.generation, mac].join('.');
  }

  /**
   * Judges whether a resume token was issued for exactly this and opens this position, and has not expired.
   *
   * @returns its generation; undefined when it is not accepted
   */
  accept(resumeToken: string, subject: ResumeTokenSubject, { epoch, offset }: Position): number | undefined {
    const [, expiry, start, generation, mac] = RESUME_TOKEN.exec(resumeToken) ?? [];
    if (!expiry || !start || !generation || !mac || parseInt(expiry, 36) < Date.now()) return undefined;
    if (offset < parseInt(start, 36)) return undefined;
    const expected = this.mac(subject, { expiry, epoch, start, generation });
    return timingSafeEqual(Buffer.from(mac, 'base64url'), expected) ? parseInt(generation, 36) : undefined;
  }

  private mac(
    { holder, endpoint, channel }: ResumeTokenSubject,
    { expiry, epoch, start, generation }: Terms,
  ): Buffer {
    const text = JSON.stringify([expiry, epoch, start, generation, holder, endpoint, channel]);
    return createHmac('sha256', this.secret).update(text).digest().subarray(0, MAC_BYTES);
  }
}
