import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const MAC_BYTES = 18;
const TICKET = /^([0-9a-z]{1,12})\.([A-Za-z0-9_-]{24})$/;

/** What a ticket is for: a user, an endpoint of the application, and a channel. */
export interface TicketSubject {
  /** The id of the user; null for an anonymous client. */
  readonly user: string | null;
  readonly endpoint: string;
  readonly channel: string;
}

/** Says what a ticket for a session's channel is for. */
export function ticketSubject(
  { user }: { readonly user: { readonly id: string } | null },
  { endpoint }: { readonly endpoint: string },
  channel: string,
): TicketSubject {
  return { user: user?.id ?? null, endpoint, channel };
}

/**
 * Signs tickets: proof that a channel flowed to a user's stream of an endpoint.
 *
 * All servers of a cluster sign with one secret, so that a client may come back to any of them.
 */
export class TicketSigner {
  // Until the cluster's secret is known, tickets are good in this process.
  private secret: string | Buffer = randomBytes(32);

  constructor(private readonly ticketMs: number) {}

  /** Signs with this secret from now on. */
  use(secret: string): void {
    this.secret = secret;
  }

  /** Returns a ticket: its expiry and a MAC, 24 to 37 characters. */
  issue(subject: TicketSubject): string {
    const expiry = (Date.now() + this.ticketMs).toString(36);
    return `${expiry}.${this.mac(subject, expiry).toString('base64url')}`;
  }

  /** Tells whether a ticket was issued for exactly this, and has not expired. */
  accepts(ticket: string, subject: TicketSubject): boolean {
    const [, expiry, mac] = TICKET.exec(ticket) ?? [];
    if (!expiry || !mac || parseInt(expiry, 36) < Date.now()) return false;
    return timingSafeEqual(Buffer.from(mac, 'base64url'), this.mac(subject, expiry));
  }

  private mac({ user, endpoint, channel }: TicketSubject, expiry: string): Buffer {
    const text = JSON.stringify([expiry, user, endpoint, channel]);
    return createHmac('sha256', this.secret).update(text).digest().subarray(0, MAC_BYTES);
  }
}
