import type { MessagesService, Position } from '@nestwire/messages';
import type {
  Following,
  RecoverableChannel,
  StoredPublication,
  TakeMissed,
} from '@nestwire/messages/internal';
import type { Codec } from '@nestwire/protocol/codec';
import type { SharedPayload } from '../transport/shared-payload.js';
import { StoredFrames, type SentPublication } from './publication-frames.js';

/** One of those that a topic flows to. */
export interface TopicReceiver {
  /** What its frames are encoded by. */
  readonly codec: Codec;
  /** Takes the frame of a publication; returns false when it cannot, and has to catch up. */
  push(frame: SharedPayload): boolean;
  /** Gives the client new resume tokens: those from before a gap open nothing behind it. */
  renewResumeTokens(): void;
  /** Is told that it gets nothing more, from a publication on that stands behind a position. */
  fallBehind(publication: StoredPublication, position: Position): void;
}

/** One recoverable channel, and those that it flows to. */
export class RecoverableTopic {
  readonly frames: StoredFrames;
  /** Those that stand where the process stands. */
  private readonly live = new Set<TopicReceiver>();
  private followed: Promise<void> | undefined;
  private following: Following | undefined;
  /** How many clients have a turn in which they read the history. */
  private turns = 0;
  private last: Position | undefined;
  private users = 0;
  private isClosed = false;

  constructor(
    readonly channel: RecoverableChannel,
    private readonly messages: MessagesService,
    private readonly onEnd: () => void,
  ) {
    this.frames = new StoredFrames(channel.delivery === 'latest', channel.messages);
  }

  /** Whether the channel is followed, or is about to be. */
  get isFollowed(): boolean {
    return this.followed !== undefined;
  }

  /** Whether its history is read for a client that has a turn: others share that read. */
  get isReading(): boolean {
    return this.turns > 0;
  }

  /** Follows the channel, once for all; resolves when it is followed, rejects after the shutdown. */
  follow(): Promise<void> {
    if (this.followed) return this.followed;
    const following = this.messages.follow(this.channel, (publication) => this.write(publication));
    this.followed = following.then((it) => this.begin(it));
    this.followed.catch(() => undefined);
    return this.followed;
  }

  /** Where the process stands in the channel; undefined until its history could be read. */
  get position(): Position | undefined {
    return this.following?.position;
  }

  /** Counts a user in. */
  open(): this {
    this.users++;
    return this;
  }

  /** Counts a user out; the last one's leaving releases the channel. */
  close(receiver: TopicReceiver): void {
    this.live.delete(receiver);
    if (--this.users > 0) return;
    this.isClosed = true;
    this.onEnd();
    this.following?.remove();
  }

  /** Finds what leads from a position to where the process stands; calls back in that turn. */
  recover(since: Position | undefined, take: TakeMissed): void {
    this.following!.recover(since, take);
  }

  /** Recovers in the turn of a client, which ends before it calls back. */
  recoverInTurn(since: Position | undefined, take: TakeMissed, release: () => void): void {
    this.turns++;
    this.recover(since, (missed) => {
      this.turns--;
      release();
      take(missed);
    });
  }

  /** Lets what comes flow to a member, which stands where the process stands. */
  attach(receiver: TopicReceiver): void {
    this.last = this.position;
    this.live.add(receiver);
  }

  private begin(following: Following): void {
    if (this.isClosed) following.remove();
    else this.following = following;
  }

  private write(publication: StoredPublication): void {
    const { live, last } = this;
    this.last = publication.position;
    const isNewEpoch = publication.position.epoch !== last?.epoch;
    const hasSnapshot = this.channel.snapshot.length > 0;
    let codec: Codec | undefined;
    let sent: SentPublication | undefined;
    for (const receiver of live) {
      // Most members speak what the one before them speaks.
      if (!sent || receiver.codec !== codec) {
        ({ codec } = receiver);
        sent = this.frames.of(publication, codec);
      }
      if (!sent.frame) continue;
      const { isGap } = sent.publication;
      // A gap is none where something stands for all that is missing.
      if (!(isGap && hasSnapshot) && receiver.push(sent.frame)) {
        if (isGap || isNewEpoch) receiver.renewResumeTokens();
        continue;
      }
      live.delete(receiver);
      receiver.fallBehind(sent.publication, last!);
    }
  }
}
