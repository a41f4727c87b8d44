import { useState, type FormEvent } from 'react';

/** The state of a form, and its handler. */
export interface Submission {
  /** The text of the last failure; empty without one. */
  readonly problem: string;
  readonly isPending: boolean;
  submit(event: FormEvent): void;
}

/** Runs the action of a form, and keeps the text of its failure. */
export function useSubmit(action: () => Promise<unknown> | void): Submission {
  const [problem, setProblem] = useState('');
  const [isPending, setPending] = useState(false);

  async function run(): Promise<void> {
    setPending(true);
    setProblem('');
    try {
      await action();
    } catch (error) {
      setProblem((error as Error).message);
    }
    setPending(false);
  }

  return {
    problem,
    isPending,
    submit(event) {
      event.preventDefault();
      void run();
    },
  };
}
