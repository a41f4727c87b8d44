/** Everything that is wrong with the streams of an application, found at bootstrap. */
export class StreamsConfigurationError extends Error {
  readonly code = 'STREAMS_CONFIGURATION';

  constructor(
    /** One entry for each mistake: where it is, why it is one, and what to do. */
    readonly problems: readonly string[],
  ) {
    super(
      `${problems.length} mistake${problems.length === 1 ? '' : 's'} in the configuration of streams:\n` +
        problems.map((problem) => `  - ${problem}`).join('\n'),
    );
    this.name = 'StreamsConfigurationError';
  }
}
