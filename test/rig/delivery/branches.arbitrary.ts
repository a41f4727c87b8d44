import * as fc from 'fast-check';
import type { Link, Position } from '../../../libs/messages/src/history/position.js';
import type { HistoryPage } from '../../../libs/messages/src/history/recovery.js';

/** All that was stored of one branch, from its beginning; the oracle knows it, the rules do not. */
export interface WholeBranch {
  readonly beginning: Position;
  readonly messages: readonly Link[];
}

/** A position with its whole past, and another branch of which a page was read. */
export interface ReadingCase {
  readonly own: WholeBranch;
  readonly since: Position;
  readonly read: WholeBranch;
  readonly page: HistoryPage;
  /** True for a page as a history returns it: without holes, except for trimmed messages. */
  readonly isWhole: boolean;
}

const EPOCHS = ['one', 'another'];

/** Branches that share their beginnings: each message follows an earlier one, or begins an epoch. */
export const someBranches: fc.Arbitrary<readonly WholeBranch[]> = fc
  .array(fc.tuple(fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(12)), fc.nat(9)), {
    minLength: 1,
    maxLength: 14,
  })
  .map((plan) => {
    const branches: WholeBranch[] = EPOCHS.map((epoch) => ({
      beginning: { epoch, offset: 0, id: '' },
      messages: [],
    }));
    for (const [index, [back]] of plan.entries())
      branches.push(longer(branches.at(-1 - (back % branches.length))!, `m${index}`));
    return branches;
  });

/** A position, and a page of a branch that may be another. */
export const aReading: fc.Arbitrary<ReadingCase> = fc
  .tuple(someBranches, fc.nat(), fc.nat(), fc.record({ lost: fc.nat(8), most: fc.nat(8), hole: fc.nat(30) }))
  .map(([branches, ownIndex, readIndex, page]) => {
    const own = branches[ownIndex % branches.length]!;
    const read = branches[readIndex % branches.length]!;
    return readingOf(own, read, page);
  });

/** Returns the last position of a branch. */
export function headOf({ messages, beginning }: WholeBranch): Position {
  return messages.at(-1) ?? beginning;
}

/** Tells whether a branch goes on from the end of another, or ends there. */
export function goesOnFrom(branch: WholeBranch, from: WholeBranch): boolean {
  return (
    branch.beginning.epoch === from.beginning.epoch &&
    from.messages.every((message, at) => branch.messages[at] === message)
  );
}

function longer(branch: WholeBranch, id: string): WholeBranch {
  const { epoch, offset, id: previousId } = headOf(branch);
  return { ...branch, messages: [...branch.messages, { epoch, offset: offset + 1, id, previousId }] };
}

function readingOf(
  own: WholeBranch,
  read: WholeBranch,
  { lost, most, hole }: { readonly lost: number; readonly most: number; readonly hole: number },
): ReadingCase {
  const since = headOf(own);
  const behind = read.messages
    .slice(lost % (read.messages.length + 1))
    .filter((m) => m.offset > since.offset);
  const within = behind.slice(0, 1 + most);
  const messages = within.filter((_, at) => at !== hole);
  return {
    own,
    since,
    read,
    page: { head: headOf(read), messages, isCut: within.length < behind.length },
    isWhole: messages.length === within.length,
  };
}
