/** All mistakes in the streams of an application, found at bootstrap. */
export class StreamsConfigurationError extends Error {
  readonly code = 'STREAMS_CONFIGURATION';

  constructor(
    /** One entry per mistake: its place, its cause and its remedy. */
    readonly problems: readonly string[],
  ) {
    super(
      `${problems.length} mistake${problems.length === 1 ? '' : 's'} in the configuration of streams:\n` +
        problems.map((problem) => `  - ${problem}`).join('\n'),
    );
    this.name = 'StreamsConfigurationError';
  }
}
