// The tree of the pages that test React hooks: boards that a test shows, hides, suspends and mounts again.
import { Activity, Suspense, type ReactElement } from 'react';

/** The state of the tree, which the test changes. */
export interface Stage {
  readonly boards: number;
  readonly mode: 'visible' | 'hidden';
  readonly version: number;
}

/** The tree at its beginning. */
export const FIRST_STAGE: Stage = { boards: 1, mode: 'visible', version: 0 };

let waiting: Promise<void> | undefined;

/** Lets the next rendering suspend; returns the function that lets it go on. */
export function suspendNext(): () => void {
  let resume!: () => void;
  waiting = new Promise((resolve) => {
    resume = () => {
      waiting = undefined;
      resolve();
    };
  });
  return resume;
}

function Suspending(): null {
  // oxlint-disable-next-line only-throw-error -- React suspends on a thrown promise
  if (waiting) throw waiting;
  return null;
}

interface StagedBoardsProps {
  readonly stage: Stage;
  /** Makes the board of a number. */
  board(this: void, id: number): ReactElement;
}

/** Shows the boards of a stage. */
export function StagedBoards({ stage, board }: StagedBoardsProps): ReactElement {
  return (
    <Activity mode={stage.mode}>
      <Suspense fallback="suspended">
        {Array.from({ length: stage.boards }, (_, id) => board(id))}
        <Suspending />
      </Suspense>
    </Activity>
  );
}
