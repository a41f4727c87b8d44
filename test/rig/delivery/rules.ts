import { classifyLive } from '../../../libs/messages/src/history/live-rule.js';
import { isSamePosition } from '../../../libs/messages/src/history/position.js';
import { gapBehind } from '../../../libs/messages/src/history/recovery.js';

/** The rules of the model: those of the library, or broken ones that the model must catch. */
export interface DeliveryRules {
  readonly gapBehind: typeof gapBehind;
  readonly classifyLive: typeof classifyLive;
  /** Returns true when a position check finds nothing new. */
  readonly isSamePosition: typeof isSamePosition;
  /** True when clients remember the ids of received messages. */
  readonly remembersIds: boolean;
}

/** The rules as the library has them. */
export const RULES: DeliveryRules = { gapBehind, classifyLive, isSamePosition, remembersIds: true };

const skipsPredecessorLive: Partial<DeliveryRules> = {
  classifyLive: (position, message) => classifyLive(position, { ...message, previousId: position.id }),
};

const skipsChainInRecovery: Partial<DeliveryRules> = {
  gapBehind: (since, { messages, ...page }) => {
    const chained = messages.map((message, at) => ({
      ...message,
      previousId: at === 0 ? since.id : messages[at - 1]!.id,
    }));
    return gapBehind(since, { ...page, messages: chained });
  },
};

const ignoresTopId: Partial<DeliveryRules> = {
  gapBehind: (since, page) => {
    const head = page.messages.length > 0 ? page.head : { ...page.head, id: since.id };
    return gapBehind(since, { ...page, head });
  },
};

const checksWithoutId: Partial<DeliveryRules> = {
  isSamePosition: (a, b) => isSamePosition(a, { ...b, id: a.id }),
};

/** The rules, each time with one protection taken away. */
export const BROKEN_RULES: Readonly<Record<string, DeliveryRules>> = {
  'live messages skip the check of their predecessor': { ...RULES, ...skipsPredecessorLive },
  'a recovery skips the chain': { ...RULES, ...skipsChainInRecovery },
  'a recovery without messages ignores the id of the top': { ...RULES, ...ignoresTopId },
  'a position check ignores the id': { ...RULES, ...checksWithoutId },
  'nobody checks positions': { ...RULES, isSamePosition: () => true },
  'a position is its epoch and offset only': {
    ...RULES,
    classifyLive: (position, message) =>
      classifyLive(
        { ...position, id: '' },
        { ...message, id: message.offset === position.offset ? '' : message.id, previousId: '' },
      ),
    gapBehind: (since, page) =>
      skipsChainInRecovery.gapBehind!(since, {
        ...page,
        head: page.messages.length > 0 ? page.head : { ...page.head, id: since.id },
      }),
    ...checksWithoutId,
  },
  'clients do not remember ids': { ...RULES, remembersIds: false },
};
