/** A child process that answers questions. */
export declare class Child {
  constructor(file: URL, nodeOptions?: readonly string[], env?: Readonly<Record<string, string>>);
  ask(question: string, details?: object): Promise<unknown>;
  /** Lets the process exit by itself, so that a profile of it is written. */
  stop(): Promise<void>;
}

/** Answers the questions of the parent process, and ends with it. */
export declare function answerParent(answers: Record<string, (details: never) => unknown>): void;
