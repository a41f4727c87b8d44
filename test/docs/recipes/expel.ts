// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { ForbiddenException, Injectable } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { IsString, MaxLength } from 'class-validator';
import type { AppUser } from '../authentication.js';

@StreamMessage('club.join')
export class JoinClub {
  declare readonly $type: 'club.join';
  @IsString() @MaxLength(64) clubId!: string;
}

@StreamMessage('club.said')
export class ClubSaid {
  declare readonly $type: 'club.said';
  @IsString() text!: string;
}

@StreamMessage('club.expelled')
export class Expelled {
  declare readonly $type: 'club.expelled';
  @IsString() clubId!: string;
  @IsString() userId!: string;
}

@Injectable()
export class Members {
  private readonly all = new Map<string, Set<string>>();

  add(clubId: string, userId: string): void {
    this.all.set(clubId, (this.all.get(clubId) ?? new Set()).add(userId));
  }

  remove(clubId: string, userId: string): Promise<void> {
    this.all.get(clubId)?.delete(userId);
    return Promise.resolve();
  }

  has(clubId: string, userId: string): Promise<boolean> {
    return Promise.resolve(this.all.get(clubId)?.has(userId) ?? false);
  }
}

// #region server
export const club = defineChannel('club', {
  messages: [ClubSaid],
  history: { messages: 200, ageMs: 3_600_000 },
});
export const expulsions = defineChannel('club.expulsions', { messages: [Expelled] });

@StreamEndpoint('clubs', { requireLogin: true })
export class ClubsEndpoint {
  constructor(private readonly members: Members) {}

  @OnStreamMessage(JoinClub)
  async join(
    session: StreamSession<ClubSaid | Expelled | StreamGap, AppUser>,
    { clubId }: JoinClub,
  ): Promise<void> {
    const { id: userId } = session.user;
    if (!(await this.members.has(clubId, userId))) throw new ForbiddenException();
    const subscription = await session.subscribe(club(clubId));
    await session.messages.addListener(expulsions(clubId), async (expelled: Expelled) => {
      if (expelled.userId !== userId) return;
      subscription.remove(); // the resume tokens of the user for this channel are void
      await session.sendStreamMessage(expelled);
    });
    if (!(await this.members.has(clubId, userId))) subscription.remove(); // expelled in the meantime
  }
}

@Injectable()
export class Moderation {
  constructor(
    private readonly members: Members,
    private readonly messages: MessagesService,
  ) {}

  async expel(clubId: string, userId: string): Promise<void> {
    await this.members.remove(clubId, userId); // first, so that the user cannot join again
    await this.messages.postMessage(expulsions(clubId), create(Expelled, { clubId, userId }));
  }
}
// #endregion server

export type ClubStreams = StreamsOf<{ clubs: ClubsEndpoint }>;
