import { StreamMessage } from '@nestwire/protocol';

/** A private message; both people receive it, in each of their open tabs. */
@StreamMessage('chat.private-message')
export class PrivateMessage {
  declare readonly $type: 'chat.private-message';
  author!: string;
  recipient!: string;
  text!: string;
  sentAt: Date = new Date();
}
