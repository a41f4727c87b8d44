import { Logger } from '@nestjs/common';
import { ERROR_LINES_PER_MINUTE, LogLimiter } from '@nestwire/messages/internal';

const logger = new Logger('Streams');

/** A rate-limited log for errors that clients can cause. */
export const errorLog = new LogLimiter((line, stack) => logger.error(line, stack), {
  linesPerMinute: ERROR_LINES_PER_MINUTE,
});
