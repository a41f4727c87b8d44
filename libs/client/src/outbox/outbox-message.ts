/** A message in a box. */
export interface OutboxMessage {
  readonly endpoint: string;
  readonly type: string;
  /** The properties of the message, as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The size of the encoded message, in bytes. */
  readonly bytes: number;
  /** The time of storing, in milliseconds since 1970, like all times here. */
  readonly storedAt: number;
  /** The user of the message; undefined while it is unknown. */
  user?: string | null;
  /** Set once the message may have been sent: its id, the first time, and the end of resending. */
  id?: number;
  sentAt?: number;
  until?: number;
}

/** Returns true when a message that may have been sent may be resent. */
export function mayRepeat({ id, sentAt, until }: OutboxMessage, now: number): boolean {
  // If the clock was set back, the age of the message is unknown.
  return Boolean(id && (sentAt ?? Infinity) <= now && now < (until ?? 0));
}
