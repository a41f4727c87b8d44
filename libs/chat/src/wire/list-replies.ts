import { StreamMessage } from '@nestwire/protocol';
import type { ChannelEntry } from '../channels/channel-entry.js';
import type { ChatChannel } from '../channels/chat-channel.js';
import type { GrantedRights } from '../policy/granted-rights.js';

/** A page of the own channels. */
@StreamMessage('nestwire-chat.channels')
export class ChatChannelPage {
  declare readonly $type: 'nestwire-chat.channels';
  declare entries: readonly ChannelEntry[];
  declare next: string | null;
}

/** The entry of one own channel. */
@StreamMessage('nestwire-chat.entry')
export class ChatEntry {
  declare readonly $type: 'nestwire-chat.entry';
  declare entry: ChannelEntry;
  /** The rights of the user in the channel. */
  declare rights: GrantedRights;
}

/** A page of the channels that everybody may join. */
@StreamMessage('nestwire-chat.open-channels')
export class ChatOpenChannels {
  declare readonly $type: 'nestwire-chat.open-channels';
  declare channels: readonly ChatChannel[];
  declare next: string | null;
}
