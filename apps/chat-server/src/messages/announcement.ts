import { StreamMessage } from '@nestwire/protocol';

/** Something that everybody reads, whichever room they are in. */
@StreamMessage('chat.announcement')
export class Announcement {
  declare readonly $type: 'chat.announcement';
  text!: string;
  postedAt: Date = new Date();
}
