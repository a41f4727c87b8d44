import { MessagesError, MessagesErrorCode } from './messages.error.js';

/** Thrown at bootstrap with all configuration mistakes of `MessagesModule`. */
export class MessagesConfigurationError extends MessagesError {
  constructor(
    /** One sentence for each mistake, with its place and the remedy. */
    readonly problems: readonly string[],
    options: ErrorOptions = {},
  ) {
    super(
      MessagesErrorCode.Configuration,
      `The configuration of MessagesModule has mistakes:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      options,
    );
    this.name = 'MessagesConfigurationError';
  }
}
