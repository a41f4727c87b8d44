import { StreamMessage } from '@nestwire/protocol';

/** Asks for the threads that the user follows, the last active first. */
@StreamMessage('nestwire-chat.load-threads')
export class ChatLoadThreads {
  declare readonly $type: 'nestwire-chat.load-threads';
  declare cursor?: string;
  declare limit?: number;
}

/** Asks for the pinned messages, the last pinned first. */
@StreamMessage('nestwire-chat.load-pinned')
export class ChatLoadPinned {
  declare readonly $type: 'nestwire-chat.load-pinned';
}

/** Asks for the former versions of a message. */
@StreamMessage('nestwire-chat.load-versions')
export class ChatLoadVersions {
  declare readonly $type: 'nestwire-chat.load-versions';
  declare seq: number;
}

/** Reports a user of the channel to the moderators. */
@StreamMessage('nestwire-chat.report-user')
export class ChatReportUser {
  declare readonly $type: 'nestwire-chat.report-user';
  declare userId: string;
  declare reason: string;
}

/** Reports a message to the moderators. */
@StreamMessage('nestwire-chat.report')
export class ChatReport {
  declare readonly $type: 'nestwire-chat.report';
  declare seq: number;
  declare reason: string;
}
