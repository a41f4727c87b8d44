/** A message as it lies in a box. */
export interface StoredMessage {
  readonly endpoint: string;
  readonly type: string;
  /** The properties, as they travel in JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** How much of a box it takes. */
  readonly bytes: number;
  /** When it was put there, in milliseconds since 1970, as all times here. */
  readonly storedAt: number;
  /** Whose it is; undefined while nobody knows. */
  user?: string | null;
  /** Once it may have been sent: its id, since when, and until when it may be sent again. */
  id?: number;
  sentAt?: number;
  until?: number;
}

/** Tells whether a message that may have been sent may be sent again. */
export function mayRepeat({ id, sentAt, until }: StoredMessage, now: number): boolean {
  // A clock that was set back does not tell how long ago it was.
  return Boolean(id && sentAt! <= now && now < until!);
}
