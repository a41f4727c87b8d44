import { StreamMessage } from '@nestwire/protocol';

/** A text for everybody, in any room. */
@StreamMessage('chat.announcement')
export class Announcement {
  declare readonly $type: 'chat.announcement';
  text!: string;
  postedAt: Date = new Date();
}
