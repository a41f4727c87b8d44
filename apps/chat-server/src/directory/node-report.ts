import { StreamMessage } from '@nestwire/protocol';

/** Who is connected to one server of the cluster; never sent to a client. */
@StreamMessage('chat.node-report')
export class NodeReport {
  declare readonly $type: 'chat.node-report';
  /** Which server reports. */
  node!: string;
  /** The rooms of a person, by name. */
  people: Map<string, string[]> = new Map();
}
