/**
 * Converts messages between instances and plain properties.
 *
 * The default copies properties. Importing `@nestwire/protocol/class-transformer` replaces it.
 */
export interface MessageTransformer {
  /** Makes an instance of the class from its decoded properties. */
  toInstance<T extends object>(cls: new (...args: never[]) => T, properties: Record<string, unknown>): T;
  /** Returns the properties to send; they may contain instances. */
  toProperties(message: object): object;
}
