import type { UnknownProperties } from '@nestwire/protocol';

/** The options of the module that concern messages from clients. */
export interface MessagePolicy {
  /** The treatment of unknown properties, for classes without an option of their own. */
  readonly unknownProperties?: UnknownProperties;
}

/** The token of the `MessagePolicy` of the application. */
export const MESSAGE_POLICY = Symbol('nestwire.message-policy');
