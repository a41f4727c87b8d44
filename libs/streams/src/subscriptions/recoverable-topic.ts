import type { MessagesService, Position } from '@nestwire/messages';
import {
  FOLLOW,
  skippedPublication,
  type Following,
  type RecoverableChannel,
  type StoredPublication,
  type TakeMissed,
} from '@nestwire/messages/internal';
import type { Codec } from '@nestwire/protocol/codec';
import type { SharedPayload } from '../transport/shared-payload.js';
import { StoredFrames, type SentPublication } from './publication-frames.js';

/** A receiver of a topic: the subscription of one connection. */
export interface TopicReceiver {
  /** The codec of its frames. */
  readonly codec: Codec;
  /** The mark of its client in messages that leave it out. */
  readonly exclusion: string;
  /** Queues the frame of a publication; returns false when the receiver must catch up. */
  push(frame: SharedPayload): boolean;
  /** Sends new resume tokens, because the earlier ones are not valid after a gap. */
  renewResumeTokens(): void;
  /** Called when the receiver falls behind; `position` is the last one that it received. */
  fallBehind(publication: StoredPublication, position: Position): void;
}

/** One recoverable channel and its receivers. */
export class RecoverableTopic {
  readonly frames: StoredFrames;
  /** The receivers that are at the position of the process. */
  private readonly live = new Set<TopicReceiver>();
  private followed: Promise<void> | undefined;
  private following: Following | undefined;
  /** The number of clients that read the history in their turn. */
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

  /** True once `follow` was called. */
  get isFollowed(): boolean {
    return this.followed !== undefined;
  }

  /** True while a client reads the history in its turn; other clients share that read. */
  get isReading(): boolean {
    return this.turns > 0;
  }

  /** Follows the channel once; resolves when it is followed, rejects after the shutdown. */
  follow(): Promise<void> {
    if (this.followed) return this.followed;
    const following = this.messages[FOLLOW](this.channel, (publication) => this.write(publication));
    this.followed = following.then((it) => this.begin(it));
    this.followed.catch(() => undefined);
    return this.followed;
  }

  /** The position of the process in the channel; undefined until the history was read. */
  get position(): Position | undefined {
    return this.following?.position;
  }

  /** Adds a user of the topic. */
  open(): this {
    this.users++;
    return this;
  }

  /** Removes a user and its receiver; the last one releases the channel. */
  close(receiver: TopicReceiver): void {
    this.live.delete(receiver);
    if (--this.users > 0) return;
    this.isClosed = true;
    this.onEnd();
    this.following?.remove();
  }

  /** Reads the publications from a position to that of the process; calls back in the same turn. */
  recover(since: Position | undefined, take: TakeMissed): void {
    if (!this.following) throw new Error('The channel is not followed yet.');
    this.following.recover(since, take);
  }

  /** Recovers in the turn of a client; the turn ends before the callback. */
  recoverInTurn(since: Position | undefined, take: TakeMissed, release: () => void): void {
    this.turns++;
    this.recover(since, (missed) => {
      this.turns--;
      release();
      take(missed);
    });
  }

  /** Adds a receiver that is at the position of the process. */
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
    const { exclusion } = publication;
    let codec: Codec | undefined;
    let forMost: SentPublication | undefined;
    for (const receiver of live) {
      // Most receivers have the same codec as the one before.
      if (!forMost || receiver.codec !== codec) {
        ({ codec } = receiver);
        forMost = this.frames.of(publication, codec);
      }
      const isSkipped = exclusion !== undefined && receiver.exclusion === exclusion;
      const sent = isSkipped ? this.frames.of(skippedPublication(publication), receiver.codec) : forMost;
      if (!sent.frame) continue;
      const { isGap } = sent.publication;
      // A channel with a snapshot sends no gap, because the snapshot replaces the missing messages.
      if (!(isGap && hasSnapshot) && receiver.push(sent.frame)) {
        if (isGap || isNewEpoch) receiver.renewResumeTokens();
        continue;
      }
      live.delete(receiver);
      // A live receiver was attached at a position, which `attach` stored.
      receiver.fallBehind(sent.publication, last!);
    }
  }
}
