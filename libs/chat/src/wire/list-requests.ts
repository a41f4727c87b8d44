import { StreamMessage } from '@nestwire/protocol';

/** Asks for the own channels, the last active first. */
@StreamMessage('nestwire-chat.load-channels')
export class ChatLoadChannels {
  declare readonly $type: 'nestwire-chat.load-channels';
  declare cursor?: string;
  declare limit?: number;
  /** True for the hidden channels alone; without it, those that are not hidden. */
  declare isHidden?: boolean;
  /** True for the archived channels alone; without it, those that are not archived. */
  declare isArchived?: boolean;
}

/** Asks for the entry of one own channel. */
@StreamMessage('nestwire-chat.load-entry')
export class ChatLoadEntry {
  declare readonly $type: 'nestwire-chat.load-entry';
  declare channelId: string;
}

/** Asks for the channels that everybody may join, the last active first. */
@StreamMessage('nestwire-chat.load-open-channels')
export class ChatLoadOpenChannels {
  declare readonly $type: 'nestwire-chat.load-open-channels';
  /** The type of the channels; `public` without it. */
  declare type?: string;
  declare cursor?: string;
  declare limit?: number;
}
