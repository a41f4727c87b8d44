import type { Position } from '../../../libs/messages/src/history/position.js';
import type { ModelMessage } from './branch.js';
import type { ModelClient } from './client.js';

/** The guarantees for a client, which each history of the model must keep. */
export type Invariant =
  'I1 order' | 'I3 no silent loss' | 'I4 no phantom' | 'I5 no duplicates' | 'I11 convergence';

interface Interval {
  readonly from: Position;
  readonly received: ModelMessage[];
}

/** Returns which invariants a client saw broken, given all messages of the final branch and its top. */
export function violationsOf(
  { log }: Pick<ModelClient, 'log'>,
  final: { readonly all: readonly ModelMessage[]; readonly head: Position },
): ReadonlySet<Invariant> {
  const broken = new Set<Invariant>();
  const ids = new Set<string>();
  let interval: Interval | undefined;
  for (const happening of log) {
    if (happening.kind === 'begin') {
      interval = { from: happening.position, received: [] };
      continue;
    }
    const { message, kind } = happening;
    if (!interval || !follows(lastOf(interval), message)) broken.add('I1 order');
    if (kind === 'message' && ids.has(message.messageId)) broken.add('I5 no duplicates');
    ids.add(message.messageId);
    interval?.received.push(message);
  }
  if (interval) judgeLast(interval, final).forEach((invariant) => broken.add(invariant));
  return broken;
}

/** The last interval of a client is compared with what the history holds in the end. */
function judgeLast(
  interval: Interval,
  { all, head }: { readonly all: readonly ModelMessage[]; readonly head: Position },
): Invariant[] {
  const last = lastOf(interval);
  if (last.epoch !== head.epoch || last.offset !== head.offset || last.id !== head.id)
    return ['I11 convergence'];
  const ids = new Set(interval.received.map(({ messageId }) => messageId));
  const missed = all.filter(({ offset, messageId }) => offset > interval.from.offset && !ids.has(messageId));
  const phantoms = interval.received.filter(
    ({ offset, messageId }) => all[offset - 1]?.messageId !== messageId,
  );
  return [
    ...(missed.length > 0 ? ['I3 no silent loss' as const] : []),
    ...(phantoms.length > 0 ? ['I4 no phantom' as const] : []),
  ];
}

function lastOf({ received, from }: Interval): Position {
  return received.at(-1) ?? from;
}

function follows(last: Position, message: Position): boolean {
  return message.epoch === last.epoch && message.offset === last.offset + 1;
}
