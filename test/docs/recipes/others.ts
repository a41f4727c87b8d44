// A recipe of docs/recipes.md; run by recipes.spec.ts.
import type { StreamClient } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { StreamMessage, type StreamGap } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { IsNumber, IsString, MaxLength } from 'class-validator';
import type { AppUser } from '../authentication.js';

// #region server
@StreamMessage('board.stroke')
export class Stroke {
  declare readonly $type: 'board.stroke';
  @IsString() @MaxLength(32) color!: string;
  @IsNumber() x!: number;
  @IsNumber() y!: number;
}

export const strokes = defineChannel('board.strokes', {
  messages: [Stroke],
  history: { messages: 1_000, ageMs: 86_400_000 },
});

@StreamEndpoint('board', { requireLogin: true })
export class BoardEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Stroke | StreamGap, AppUser>): Promise<void> {
    await session.subscribe(strokes);
  }

  @OnStreamMessage(Stroke)
  async draw(session: StreamSession<Stroke | StreamGap, AppUser>, stroke: Stroke): Promise<void> {
    await this.messages.postMessage(strokes, stroke, { except: session });
  }
}
// #endregion server

export type BoardStreams = StreamsOf<{ board: BoardEndpoint }>;
type Client = StreamClient<BoardStreams>;

// #region page
/** Draws at once; the own stroke does not come back from the server. */
export function draw(client: Client, stroke: Stroke, paint: (stroke: Stroke) => void): Promise<void> {
  paint(stroke);
  return client.board.sendStreamMessage(stroke);
}
// #endregion page
