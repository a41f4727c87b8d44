import { StreamMessage } from '@nestwire/protocol';

/** Everybody who is here, on any server, and the rooms that each is in. */
@StreamMessage('chat.who-is-where')
export class WhoIsWhere {
  declare readonly $type: 'chat.who-is-where';
  /** The rooms of a person, by name. */
  people: Map<string, string[]> = new Map();
}
