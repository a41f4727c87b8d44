import { Module } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  type Asks,
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
} from '@nestwire/streams';
import { Type } from 'class-transformer';
import { IsInstance, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { TokenUsers } from '../rig/users.js';

class Price {
  @IsInt() cents!: number;
  @IsOptional() @IsInstance(Uint8Array) seal?: Uint8Array;
}

@StreamMessage('desk.note')
class Note {
  declare readonly $type: 'desk.note';
  @IsString() text!: string;
  @ValidateNested() @Type(() => Price) price!: Price;
}

@StreamMessage('desk.receipt')
class Receipt {
  declare readonly $type: 'desk.receipt';
  text!: string;
  cents!: bigint;
  at!: Date;
  seal?: Uint8Array;
  ratio!: number;
}

/** Its text was named `body` in the first version. */
@StreamMessage('desk.announcement', { version: 2, upcast: ({ body, ...rest }) => ({ ...rest, text: body }) })
class Announcement {
  declare readonly $type: 'desk.announcement';
  @IsString() text!: string;
}

/** A question of the server to its client. */
@StreamMessage('desk.question')
class Question {
  declare readonly $type: 'desk.question';
  @IsString() text!: string;
}

@StreamMessage('desk.answer')
class Answer {
  declare readonly $type: 'desk.answer';
  @IsString() text!: string;
}

const board = defineChannel('board', { messages: [Announcement] });

@StreamEndpoint('desk', { requireLogin: true })
class DeskEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Announcement | Receipt>): Promise<void> {
    await session.subscribe(board);
  }

  @OnStreamMessage(Note)
  onNote(_session: StreamSession<Announcement | Receipt>, { text, price }: Note): Receipt {
    return create(Receipt, {
      text,
      cents: BigInt(price.cents),
      at: new Date(0),
      seal: price.seal,
      ratio: NaN,
    });
  }

  @OnStreamMessage(Announcement)
  async onAnnouncement(
    session: StreamSession<Announcement | Receipt | Asks<Question, Answer>>,
    message: Announcement,
  ): Promise<void> {
    const { text } = await session.request(create(Question, { text: message.text }), { reply: Answer });
    await this.messages.postMessage(board, create(Announcement, { text }));
  }
}

/** The server for the clients in other languages. */
@Module({
  imports: [StreamsModule.forRoot({ authenticator: TokenUsers, codecs: [messagePack] })],
  providers: [DeskEndpoint],
})
export class DeskModule {}
