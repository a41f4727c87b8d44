/**
 * The treatment of properties that the class of a client's message lacks.
 *
 * `refuse` answers such a message with `INVALID_MESSAGE`; `strip` removes the properties.
 */
export type UnknownProperties = 'refuse' | 'strip';

/**
 * Returns the properties of the present version from those of an earlier one.
 *
 * The values are decoded: a date is a `Date`. `version` is the version in which the message was written.
 */
export type Upcast = (properties: Record<string, unknown>, version: number) => Record<string, unknown>;

/** The options of a message class that concern its changes. */
export interface StreamMessageOptions {
  /**
   * The version of the class; a message of a later version is refused.
   *
   * @default 1
   */
  readonly version?: number;
  /** Converts messages of earlier versions; required for a version above 1. */
  readonly upcast?: Upcast;
  /**
   * The treatment of unknown properties in messages from clients.
   *
   * @default the option of `StreamsModule`
   */
  readonly unknownProperties?: UnknownProperties;
}
