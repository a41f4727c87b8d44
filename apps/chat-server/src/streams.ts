import type { StreamsOf } from '@nestwire/streams';
import type { ChatEndpoint } from './chat/chat.endpoint.js';

/** What the page's client is typed by: inferred from the endpoint, nothing is generated. */
export type ChatStreams = StreamsOf<{ chat: ChatEndpoint }>;
