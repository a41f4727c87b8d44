import { StreamMessage } from '@nestwire/protocol';

/** Reports the people of one server to the others; never sent to a client. */
@StreamMessage('chat.node-report')
export class NodeReport {
  declare readonly $type: 'chat.node-report';
  /** The id of the reporting server. */
  node!: string;
  /** The rooms of a person, by name. */
  people: Map<string, string[]> = new Map();
}
