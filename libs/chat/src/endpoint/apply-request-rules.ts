import { channelRequestRules } from '../wire/channel-request-rules.js';
import { chatRequestRules } from '../wire/chat-request-rules.js';
import type { ClassRules } from '../wire/field-rules.js';
import { growthRequestRules } from '../wire/growth-request-rules.js';
import { historyRequestRules } from '../wire/history-request-rules.js';
import { listRequestRules } from '../wire/list-request-rules.js';
import { uploadRequestRules } from '../wire/upload-request-rules.js';
import { userRequestRules } from '../wire/user-request-rules.js';

/** The rules that class-validator does not have yet. */
const waiting: ClassRules[] = [
  ...channelRequestRules,
  ...chatRequestRules,
  ...growthRequestRules,
  ...historyRequestRules,
  ...listRequestRules,
  ...uploadRequestRules,
  ...userRequestRules,
];

/**
 * Gives class-validator the rules of the requests.
 *
 * Each is given once, before the server reads them.
 */
export function applyRequestRules(): void {
  for (const { cls, fields } of waiting.splice(0))
    for (const [field, decorators] of Object.entries(fields))
      // As the compiler applies decorators: the last one first.
      for (const decorate of decorators.toReversed()) decorate(cls.prototype as object, field);
}
