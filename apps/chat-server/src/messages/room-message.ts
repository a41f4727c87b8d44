import { StreamMessage } from '@nestwire/protocol';

/** A message in a room; the server sets the author. */
@StreamMessage('chat.room-message')
export class RoomMessage {
  declare readonly $type: 'chat.room-message';
  room!: string;
  author!: string;
  text!: string;
  sentAt: Date = new Date();
}
