// The code of docs/presence.md; compiled and run with the tests.
import { Injectable, Module } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { PresenceService } from '@nestwire/messages';
import {
  applyPresence,
  EMPTY_PRESENCE,
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  StreamMessage,
  type PresenceEvent,
  type WatchedMember,
} from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamsModule,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { IsString, MaxLength } from 'class-validator';
import { AppAuthenticator, TokensModule, type AppUser } from './authentication.js';

@StreamMessage('lounge.mood')
export class Mood {
  declare readonly $type: 'lounge.mood';
  @IsString() @MaxLength(20) text!: string;
}

// #region endpoint
@StreamEndpoint('lounge', { requireLogin: true })
export class LoungeEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<PresenceEvent, AppUser>) {
    await session.presence.join('lounge', { name: session.user.name });
    return session.presence.watch('lounge'); // sent to the client until the session ends
  }

  @OnStreamMessage(Mood)
  async mood(session: StreamSession<PresenceEvent, AppUser>, { text }: Mood): Promise<void> {
    await session.presence.join('lounge', { name: session.user.name, mood: text }); // new data
  }
}
// #endregion endpoint

export type AppStreams = StreamsOf<{ lounge: LoungeEndpoint }>;

// #region service
@Injectable()
export class LoungeService {
  constructor(private readonly presence: PresenceService) {}

  async names(): Promise<string[]> {
    const members = await this.presence.list('lounge');
    return members.map(({ userId, connections }) => `${userId} on ${connections.length} devices`);
  }

  async follow(signal: AbortSignal, show: (members: readonly WatchedMember[]) => void): Promise<void> {
    let view = EMPTY_PRESENCE;
    for await (const event of this.presence.watch('lounge', { signal })) {
      view = applyPresence(view, event);
      if (view.isComplete) show(view.members);
    }
  }

  async log(signal: AbortSignal): Promise<void> {
    for await (const change of this.presence.changes('lounge', { signal }))
      console.log(change instanceof PresenceJoined ? `${change.id} came` : `${change.id} left`);
  }
}
// #endregion service

@Module({
  imports: [
    StreamsModule.forRoot({ authenticator: AppAuthenticator, imports: [TokensModule] }),
    TokensModule,
  ],
  providers: [LoungeEndpoint, LoungeService],
})
export class LoungeModule {}

export function connect(url: string, token: string) {
  // #region client
  const client = createStreamClient<AppStreams>()({
    url,
    messages: [Mood, PresenceMembers, PresenceJoined, PresenceUpdated, PresenceLeft],
    auth: () => token,
  });
  // #endregion client
  return client;
}

export async function show(
  client: ReturnType<typeof connect>,
  render: (members: readonly WatchedMember[]) => void,
): Promise<void> {
  // #region show
  let view = EMPTY_PRESENCE;
  for await (const message of client.lounge.stream) {
    view = applyPresence(view, message);
    if (view.isComplete) render(view.members);
  }
  // #endregion show
}
