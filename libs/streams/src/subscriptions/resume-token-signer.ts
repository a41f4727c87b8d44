import type { Position } from '@nestwire/messages';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const MAC_BYTES = 18;
const RESUME_TOKEN = /^([0-9a-z]{1,12})\.([0-9a-z]{1,12})\.([0-9a-z]{1,12})\.([A-Za-z0-9_-]{24})$/;

/** The maximum length of a resume token, in characters. */
export const MAX_RESUME_TOKEN_CHARACTERS = 63;

/** The subject of a resume token: an identity, a stream and a channel. */
export interface ResumeTokenSubject {
  /** The identity: the user, or the secret id of an anonymous client. */
  readonly holder: string;
  readonly endpoint: string;
  /** The canonical text of the parameters; empty for an endpoint without parameters. */
  readonly paramsText: string;
  readonly channel: string;
}

/** The terms of a resume token besides its subject. */
interface Terms {
  readonly expiry: string;
  readonly epoch: string;
  /** The first offset that the token permits. */
  readonly start: string;
  /** The generation of the token. */
  readonly generation: string;
}

/** Returns the subject of a resume token for a session's channel. */
export function resumeTokenSubject(
  { holder, endpoint, paramsText }: Omit<ResumeTokenSubject, 'channel'>,
  channel: string,
): ResumeTokenSubject {
  return { holder, endpoint, paramsText, channel };
}

/**
 * Signs resume tokens: the proof that a user's stream was subscribed to a channel.
 *
 * A token also proves the first position of the subscription, so that it does not permit the earlier history.
 * All servers of a cluster use one secret, so that a client may reconnect to any of them.
 */
export class ResumeTokenSigner {
  // Until the cluster's secret is known, resume tokens are valid in this process only.
  private secret: string | Buffer = randomBytes(32);

  constructor(private readonly resumeTokenMs: number) {}

  /** Replaces the secret. */
  use(secret: string): void {
    this.secret = secret;
  }

  /**
   * Returns a resume token: its expiry, its first offset, its generation and a MAC.
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
   * Checks that a resume token is valid for a subject and a position and has not expired.
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
    { holder, endpoint, paramsText, channel }: ResumeTokenSubject,
    { expiry, epoch, start, generation }: Terms,
  ): Buffer {
    const stream = paramsText ? [endpoint, channel, paramsText] : [endpoint, channel];
    const text = JSON.stringify([expiry, epoch, start, generation, holder, ...stream]);
    return createHmac('sha256', this.secret).update(text).digest().subarray(0, MAC_BYTES);
  }
}
