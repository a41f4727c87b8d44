// The code of docs/authentication.md; compiled and run with the tests.
import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import type { PostResult } from '@nestwire/messages';
import { createStreamClient } from '@nestwire/client';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamsModule,
  StreamSession,
  StreamsService,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { IsString, MaxLength } from 'class-validator';

@StreamMessage('board.say')
export class Say {
  declare readonly $type: 'board.say';
  @IsString() @MaxLength(200) text!: string;
}

@StreamMessage('board.said')
export class Said {
  declare readonly $type: 'board.said';
  @IsString() text!: string;
}

interface Claims {
  readonly userId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** In epoch seconds, as in a JWT. */
  readonly exp: number;
}

@Injectable()
export class TokensService {
  readonly known = new Map<string, Claims>();

  /** Returns what the token says; undefined when it says nothing. */
  verify(token: string): Promise<Claims | undefined> {
    return Promise.resolve(this.known.get(token));
  }

  /** Forgets all tokens of a user. */
  forget(userId: string): void {
    for (const [token, claims] of this.known) if (claims.userId === userId) this.known.delete(token);
  }
}

@Module({ providers: [TokensService], exports: [TokensService] })
export class TokensModule {}

// #region authenticator
export interface AppUser extends StreamUser {
  readonly name: string;
}

@Injectable()
export class AppAuthenticator extends StreamAuthenticator<AppUser> {
  constructor(private readonly tokens: TokensService) {
    super();
  }

  async authenticate({ token }: StreamHandshake): Promise<AppUser | null> {
    if (token === null) return null; // no credential: an anonymous connection
    const claims = await this.tokens.verify(token);
    if (!claims) return null; // the connection is refused
    const { userId, name, scopes, exp } = claims;
    return { id: userId, name, scopes, expiresAt: exp * 1_000 };
  }
}
// #endregion authenticator

// #region members-only
@Injectable()
export class MembersOnlyAuthenticator extends AppAuthenticator {
  override async authenticate(handshake: StreamHandshake): Promise<AppUser | null> {
    if (handshake.token === null) throw new UnauthorizedException();
    return super.authenticate(handshake);
  }
}
// #endregion members-only

// #region endpoints
@StreamEndpoint('board')
export class BoardEndpoint {
  @OnStreamMessage(Say)
  say(session: StreamSession<Said, AppUser | null>, message: Say) {
    return create(Said, { text: `${session.user?.name ?? 'somebody'}: ${message.text}` });
  }
}

@StreamEndpoint('desk', { requireLogin: true })
export class DeskEndpoint {
  @OnStreamMessage(Say)
  say(session: StreamSession<Said, AppUser>, message: Say) {
    return create(Said, { text: `${session.user.name}: ${message.text}` });
  }
}

@StreamEndpoint('moderation', { requiredScopes: ['moderator'] })
export class ModerationEndpoint {
  @OnStreamMessage(Say)
  say(session: StreamSession<Said, AppUser>, message: Say) {
    return create(Said, { text: `moderator ${session.user.name}: ${message.text}` });
  }
}
// #endregion endpoints

// #region guard
@Injectable()
export class NotFromCrawlersGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { handshake } = context.switchToWs().getClient<StreamSession>();
    return !/bot|crawler/i.test(handshake.headers['user-agent'] ?? '');
  }
}

@UseGuards(NotFromCrawlersGuard)
@StreamEndpoint('visits')
export class VisitsEndpoint {}
// #endregion guard

// #region keep-on-sign-in
export class Basket {
  readonly texts: string[] = [];
}

@StreamEndpoint('basket', { keepOnSignIn: true })
export class BasketEndpoint {
  @OnStreamMessage(Say)
  add(session: StreamSession<Said, AppUser | null>, { text }: Say) {
    const basket = session.getUserObject(Basket) ?? new Basket();
    session.setUserObject(basket);
    basket.texts.push(text);
    return create(Said, { text: `${session.user?.name ?? 'a visitor'} has ${basket.texts.join(', ')}` });
  }
}
// #endregion keep-on-sign-in

export type AppStreams = StreamsOf<{
  board: BoardEndpoint;
  desk: DeskEndpoint;
  moderation: ModerationEndpoint;
  visits: VisitsEndpoint;
  basket: BasketEndpoint;
}>;

// #region revoke
@Injectable()
export class BansService {
  constructor(
    private readonly tokens: TokensService,
    private readonly streams: StreamsService,
  ) {}

  async ban(userId: string): Promise<PostResult> {
    this.tokens.forget(userId); // before the authenticator is called again
    return this.streams.revoke({ userId });
  }
}
// #endregion revoke

// #region module
@Module({
  imports: [
    StreamsModule.forRoot({
      authenticator: AppAuthenticator,
      imports: [TokensModule], // dependencies of the authenticator
    }),
    TokensModule,
  ],
  providers: [BansService, BoardEndpoint, DeskEndpoint, ModerationEndpoint, VisitsEndpoint, BasketEndpoint],
})
export class AppModule {}
// #endregion module

// #region cookie
@Module({
  imports: [
    StreamsModule.forRoot({
      authenticator: AppAuthenticator,
      imports: [TokensModule],
      cookie: 'session',
      origins: ['https://app.example.com', 'localhost:5173'],
    }),
  ],
  providers: [DeskEndpoint],
})
export class CookieModule {}
// #endregion cookie

/** The credential of a page. */
export interface Account {
  token: string | null;
  renew(): Promise<string | null>;
}

export function connect(url: string, account: Account) {
  // #region client
  const client = createStreamClient<AppStreams>()({
    url,
    messages: [Say, Said],
    auth: ({ reason }) => (reason === 'renew' ? account.renew() : account.token),
  });
  // #endregion client
  return client;
}

export async function signInAndOut(client: ReturnType<typeof connect>, account: Account, token: string) {
  // #region sign-in
  account.token = token;
  await client.authenticate(); // signed in on the open connection
  await client.desk.sendStreamMessage(create(Say, { text: 'I am here' }));

  account.token = null;
  await client.authenticate(); // signed out: "desk" is refused, "board" opens again
  // #endregion sign-in
}
