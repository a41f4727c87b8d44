// The code of docs/presence.md; compiled and run with the tests.
import { Injectable, Module } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { PresenceService, type PresenceChange } from '@nestwire/messages';
import { PresenceJoined, PresenceLeft, StreamMessage } from '@nestwire/protocol';
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
  async opened(session: StreamSession<PresenceChange, AppUser>) {
    const changes = session.presence.changes('lounge');
    await changes.attached; // from here on no change is missed
    await session.presence.join('lounge', { name: session.user.name });
    return changes; // sent to the client until the session ends
  }

  @OnStreamMessage(Mood)
  async mood(session: StreamSession<PresenceChange, AppUser>, { text }: Mood): Promise<void> {
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
    messages: [Mood, PresenceJoined, PresenceLeft],
    auth: () => token,
  });
  // #endregion client
  return client;
}

export async function show(client: ReturnType<typeof connect>, here: Set<string>): Promise<void> {
  // #region show
  for await (const change of client.lounge.stream) {
    if (change instanceof PresenceJoined) here.add(change.id);
    else here.delete(change.id);
  }
  // #endregion show
}
