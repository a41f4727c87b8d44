// The code of docs/changing-messages.md; compiled with the tests, and run by changing-messages.spec.ts.
import { decodeMessage, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

// #region added
@StreamMessage('ticket.opened')
export class TicketOpened {
  declare readonly $type: 'ticket.opened';
  @IsString() @MaxLength(200) title!: string;
  /** Since version 2. Pages of version 1 do not send it. */
  @IsOptional() @IsIn(['low', 'high']) priority?: 'low' | 'high';
}
// #endregion added

// #region renamed
@StreamMessage('ticket.assigned')
export class TicketAssigned {
  declare readonly $type: 'ticket.assigned';
  /** Until version 3: the former name of `assignee`. */
  @IsOptional() @IsString() @MaxLength(64) owner?: string;
  @IsOptional() @IsString() @MaxLength(64) assignee?: string;
}

export const assigneeOf = ({ assignee, owner }: TicketAssigned): string | undefined => assignee ?? owner;
// #endregion renamed

// #region versioned
@StreamMessage('ticket.moved', {
  version: 2,
  // Version 1 had `queue`.
  upcast: ({ queue, ...rest }) => ({ ...rest, board: queue }),
})
export class TicketMoved {
  declare readonly $type: 'ticket.moved';
  @IsString() @MaxLength(64) board!: string;
}
// #endregion versioned

// #region stripped
@StreamMessage('ticket.viewed', { unknownProperties: 'strip' })
export class TicketViewed {
  declare readonly $type: 'ticket.viewed';
  @IsString() @MaxLength(64) ticketId!: string;
}
// #endregion stripped

// #region replaced
@StreamMessage('ticket.note')
export class TicketNote {
  declare readonly $type: 'ticket.note';
  @IsString() @MaxLength(2_000) text!: string;
}

/** Replaces `TicketNote`, whose text had no format. */
@StreamMessage('ticket.comment')
export class TicketComment {
  declare readonly $type: 'ticket.comment';
  @IsString() @MaxLength(2_000) text!: string;
  @IsIn(['plain', 'markdown']) format!: 'plain' | 'markdown';
}

@StreamEndpoint('tickets')
export class TicketsEndpoint {
  readonly comments: string[] = [];

  @OnStreamMessage(TicketNote)
  note(_session: StreamSession, { text }: TicketNote): void {
    this.comments.push(`plain: ${text}`);
  }

  @OnStreamMessage(TicketComment)
  comment(_session: StreamSession, { text, format }: TicketComment): void {
    this.comments.push(`${format}: ${text}`);
  }
}
// #endregion replaced

@StreamEndpoint('desk')
export class DeskEndpoint {
  readonly done: string[] = [];

  @OnStreamMessage(TicketOpened)
  open(_session: StreamSession, { title, priority = 'low' }: TicketOpened): void {
    this.done.push(`${title}, ${priority}`);
  }

  @OnStreamMessage(TicketAssigned)
  assign(_session: StreamSession, message: TicketAssigned): void {
    this.done.push(`of ${assigneeOf(message)}`);
  }

  @OnStreamMessage(TicketMoved, TicketViewed)
  other(_session: StreamSession, message: TicketMoved | TicketViewed): void {
    this.done.push(JSON.stringify(message));
  }
}

// #region spec
/** Messages of version 1, as they are in the histories. */
export const WRITTEN_BY_VERSION_1 = [
  [TicketOpened, { title: 'The door sticks' }],
  [TicketAssigned, { owner: 'ada' }],
  [TicketMoved, { queue: 'support' }],
] as const;

export function readAll(): object[] {
  return WRITTEN_BY_VERSION_1.map(([cls, data]) => decodeMessage(cls as never, data));
}
// #endregion spec
