// The code of docs/coming-from-serverpod.md; compiled and run with the tests.
import { Controller, Module, Param, Post } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { MessagesService, OnChannelMessage } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  SessionScoped,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamsModule,
  StreamSession,
  type StreamsOf,
  type StreamUser,
  UserObject,
} from '@nestwire/streams';
import { IsInt, IsString, MaxLength } from 'class-validator';

// #region messages
@StreamMessage('pixels.move')
export class Move {
  declare readonly $type: 'pixels.move';
  @IsInt() x!: number;
  @IsInt() y!: number;
}

@StreamMessage('pixels.moved')
export class Moved {
  declare readonly $type: 'pixels.moved';
  @IsString() @MaxLength(64) player!: string;
  @IsInt() x!: number;
  @IsInt() y!: number;
}
// #endregion messages

// #region endpoint
@StreamEndpoint('pixels', { requireLogin: true })
export class PixelsEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Moved, StreamUser>) {
    session.setUserObject(new Player(session.user.id));
    await session.messages.addListener('pixels', (moved: Moved) => session.sendStreamMessage(moved));
  }

  @OnStreamMessage(Move)
  async move(session: StreamSession<Moved, StreamUser>, message: Move) {
    const player = session.getUserObject(Player)!;
    player.moves += 1;
    const { x, y } = message;
    await session.messages.postMessage('pixels', create(Moved, { player: player.name, x, y }));
  }

  @OnStreamClosed()
  closed(session: StreamSession<Moved, StreamUser>, reason: SessionCloseReason) {
    const { name, moves } = session.getUserObject(Player)!;
    console.log(`${name} left after ${moves} moves: ${reason.code}`);
  }
}

class Player {
  moves = 0;
  constructor(readonly name: string) {}
}

export type AppStreams = StreamsOf<{ pixels: PixelsEndpoint; score: ScoreEndpoint }>;
// #endregion endpoint

// #region scoped
@SessionScoped()
export class Score {
  points = 0;
}

@StreamEndpoint('score')
export class ScoreEndpoint {
  @OnStreamMessage(Move)
  move(_session: StreamSession, _message: Move, @UserObject() score: Score) {
    score.points += 1;
  }
}
// #endregion scoped

// #region anywhere
@Controller('pixels')
export class PixelsController {
  readonly seen: Moved[] = [];

  constructor(private readonly messages: MessagesService) {}

  @Post(':x/:y')
  async place(@Param('x') x: string, @Param('y') y: string) {
    const moved = create(Moved, { player: 'the house', x: Number(x), y: Number(y) });
    return this.messages.postMessage('pixels', moved, { scope: 'local' });
  }

  @OnChannelMessage('pixels', Moved)
  moved(moved: Moved) {
    this.seen.push(moved);
  }
}
// #endregion anywhere

// #region authenticator
export class GameAuthenticator extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === null ? null : { id: token }; // look the token up here
  }
}
// #endregion authenticator

// #region module
@Module({
  imports: [StreamsModule.forRoot({ authenticator: GameAuthenticator, redis: process.env.REDIS_URL })],
  controllers: [PixelsController],
  providers: [PixelsEndpoint, ScoreEndpoint, Score],
})
export class GameModule {}
// #endregion module

export async function play(url: string, show: (text: string) => void) {
  // #region client
  const client = createStreamClient<AppStreams>()({ url, messages: [Move, Moved], auth: () => 'ada' });
  const stop = client.addConnectionStatusListener((status) => show(status.kind));
  await client.connectWebSocket();
  await client.pixels.sendStreamMessage(create(Move, { x: 3, y: 4 })); // resolves when the message was handled
  for await (const message of client.pixels.stream) {
    show(`${message.player} is at ${message.x},${message.y}`);
    break;
  }
  stop();
  await client.close();
  // #endregion client
}
