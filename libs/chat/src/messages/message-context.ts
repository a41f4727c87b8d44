import type { ChangeRate } from '../limits/change-rate.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import type { ChatHooks } from './chat-hooks.js';
import type { EphemeralRooms } from '../relay/ephemeral-rooms.js';
import type { ChangeParts } from './message-change.js';

/** Parts that the changes of messages need. */
export interface MessageContext extends ChangeParts {
  readonly hooks: ChatHooks;
  readonly rate: ChangeRate;
  readonly rooms: EphemeralRooms;
  readonly limits: Required<ChatLimits>;
  /** The most attachments of a message. */
  readonly maxAttachments: number;
}
