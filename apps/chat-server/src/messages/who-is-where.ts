import { StreamMessage } from '@nestwire/protocol';

/** The people on all servers, and their rooms. */
@StreamMessage('chat.who-is-where')
export class WhoIsWhere {
  declare readonly $type: 'chat.who-is-where';
  /** The rooms of a person, by name. */
  people: Map<string, string[]> = new Map();
}
