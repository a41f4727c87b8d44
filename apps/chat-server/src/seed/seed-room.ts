import type { TeamId } from '../people/team.js';
import type { PictureName } from './pictures.js';

/** The time of a seeded message: days before today with a time of day, or minutes before the first start. */
export type SeedTime = readonly [daysAgo: number, clock: `${number}:${number}`] | number;

/** The parts of a seeded message that most have not. */
export interface SeedExtras {
  /** The name that later messages use for this one. */
  readonly key?: string;
  /** The key of the message that this one answers. */
  readonly replyTo?: string;
  /** The key of the message that began the thread of this one. */
  readonly thread?: string;
  readonly reactions?: Readonly<Record<string, readonly TeamId[]>>;
  readonly isPinned?: true;
  readonly picture?: PictureName;
}

/** A message of the seed. */
export interface SeedMessage extends SeedExtras {
  readonly at: SeedTime;
  readonly author: TeamId;
  readonly text: string;
}

/** A room of the seed, with its messages from the oldest to the newest. */
export interface SeedRoom {
  readonly id: string;
  readonly type: 'public';
  readonly topic: string;
  readonly messages: readonly SeedMessage[];
}

/** Makes a message of the seed. */
export function said(at: SeedTime, author: TeamId, text: string, extras: SeedExtras = {}): SeedMessage {
  return { at, author, text, ...extras };
}

/** Returns the time of a message in milliseconds since 1970. */
export function timeOf(at: SeedTime, startedAt: number): number {
  if (typeof at === 'number') return startedAt - at * 60_000;
  const [hours, minutes] = at[1].split(':').map(Number);
  const time = new Date(startedAt);
  time.setDate(time.getDate() - at[0]);
  time.setHours(hours!, minutes!, 0, 0);
  return time.getTime();
}
