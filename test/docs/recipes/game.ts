// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { Allow, IsInt, Max, Min } from 'class-validator';

// #region server
@StreamMessage('game.steer')
export class Steer {
  declare readonly $type: 'game.steer';
  @IsInt() @Min(-1) @Max(1) dx!: number;
  @IsInt() @Min(-1) @Max(1) dy!: number;
}

@StreamMessage('game.world')
export class World {
  declare readonly $type: 'game.world';
  @IsInt() tick!: number;
  @Allow() players: Array<[id: string, x: number, y: number]> = [];
}

export const arena = defineChannel('arena', { messages: [World] });
const TICK_MS = 50; // 20 Hz

@Injectable()
export class Arena implements OnApplicationBootstrap, OnModuleDestroy {
  readonly players = new Map<string, { x: number; y: number; dx: number; dy: number }>();
  private tick = 0;
  private timer?: NodeJS.Timeout;

  constructor(private readonly messages: MessagesService) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.step(), TICK_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async step(): Promise<void> {
    for (const player of this.players.values()) {
      player.x += player.dx;
      player.y += player.dy;
    }
    const players = [...this.players].map(([id, { x, y }]): [string, number, number] => [id, x, y]);
    await this.messages.postMessage(arena, create(World, { tick: ++this.tick, players }), { scope: 'local' });
  }
}

@StreamEndpoint('game')
export class GameEndpoint {
  constructor(private readonly arena: Arena) {}

  @OnStreamOpened()
  async opened(session: StreamSession<World>): Promise<void> {
    this.arena.players.set(session.id, { x: 0, y: 0, dx: 0, dy: 0 });
    await session.subscribe(arena);
  }

  @OnStreamMessage(Steer)
  steer(session: StreamSession<World>, { dx, dy }: Steer): void {
    Object.assign(this.arena.players.get(session.id) ?? {}, { dx, dy });
  }

  @OnStreamClosed()
  closed(session: StreamSession<World>): void {
    this.arena.players.delete(session.id);
  }
}
// #endregion server

export type GameStreams = StreamsOf<{ game: GameEndpoint }>;
