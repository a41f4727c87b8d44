import { Injectable } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  type StreamHandshake,
  type StreamsOf,
  StreamSession,
  type StreamUser,
} from '@nestwire/streams';
import { IsString } from 'class-validator';

/** A message in a room. */
@StreamMessage('room.message')
export class RoomMessage {
  declare readonly $type: 'room.message';
  @IsString() room!: string;
  @IsString() author!: string;
  @IsString() text!: string;
}

/** The channel of a room; it keeps nothing. */
export const room = defineChannel('room', { messages: [RoomMessage] });

/** Accepts any name as a credential. */
@Injectable()
export class AnyName extends StreamAuthenticator<StreamUser> {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === null ? null : { id: token };
  }
}

/** Brings everybody into the room `r`, and posts in their names. */
@StreamEndpoint('room', { requireLogin: true })
export class RoomEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<RoomMessage, StreamUser>): Promise<void> {
    await session.subscribe(room('r'));
  }

  @OnStreamMessage(RoomMessage)
  async onMessage(session: StreamSession<RoomMessage, StreamUser>, { text }: RoomMessage): Promise<void> {
    await this.messages.postMessage(
      room('r'),
      create(RoomMessage, { room: 'r', author: session.user.id, text }),
    );
  }
}

/** The types of a client. */
export type RoomStreams = StreamsOf<{ room: RoomEndpoint }>;
