import { StreamMessage } from '@nestwire/protocol';

/** What somebody said in a room; the server says who. */
@StreamMessage('chat.room-message')
export class RoomMessage {
  declare readonly $type: 'chat.room-message';
  room!: string;
  author!: string;
  text!: string;
  sentAt: Date = new Date();
}
