import type { StreamsOf } from '@nestwire/streams';
import type { ChatEndpoint } from './chat/chat-endpoint.js';

/** The types of the page's client, inferred from the endpoint without code generation. */
export type ChatStreams = StreamsOf<{ chat: ChatEndpoint }>;
