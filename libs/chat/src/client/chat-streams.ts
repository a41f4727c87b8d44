import type { StreamsOf } from '@nestwire/streams';
import type { ChatChannelEndpoint } from '../endpoint/chat-channel-endpoint.js';
import type { ChatUserEndpoint } from '../endpoint/chat-user-endpoint.js';

/** The endpoints of the chat, for the type of a client. */
export type ChatStreams = StreamsOf<{ chatChannel: ChatChannelEndpoint; chatUser: ChatUserEndpoint }>;
