/** A message: an instance of a class marked with `@StreamMessage`. */
export interface Message {
  readonly $type: string;
}

/** A class of messages. */
export type MessageClass<T extends Message = Message> = new (...args: never[]) => T;
