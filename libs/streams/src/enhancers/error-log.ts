import { Logger } from '@nestjs/common';
import { ERROR_LINES_PER_MINUTE, LogLimiter } from '@nestwire/messages/internal';

const logger = new Logger('Streams');

/** The log of errors that clients can cause at any rate. */
export const errorLog = new LogLimiter((line, stack) => logger.error(line, stack), {
  linesPerMinute: ERROR_LINES_PER_MINUTE,
});
