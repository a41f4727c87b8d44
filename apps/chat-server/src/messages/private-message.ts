import { StreamMessage } from '@nestwire/protocol';

/** What one person said to another; both receive it, on every tab they have open. */
@StreamMessage('chat.private-message')
export class PrivateMessage {
  declare readonly $type: 'chat.private-message';
  author!: string;
  recipient!: string;
  text!: string;
  sentAt: Date = new Date();
}
