/** A message: an instance of a class marked with `@StreamMessage`. */
export interface Message {
  readonly $type: string;
}

/** A class of messages that can be made without arguments. */
export type MessageClass<T extends Message = Message> = new (...args: never[]) => T;

// Symbol.for: two copies of this package in one process share the marks and the names.
const NAME = Symbol.for('nestwire.message.name');
const CLASSES = Symbol.for('nestwire.message.classes');
const registry = globalThis as { [CLASSES]?: Map<string, Set<MessageClass>> };
const classes = (registry[CLASSES] ??= new Map());
const MAX_NAME_LENGTH = 128;

/** Gives the class its name on the wire; `@StreamMessage` calls it. */
export function registerMessage(target: object, name: string): void {
  if (!name || name.length > MAX_NAME_LENGTH) {
    throw new TypeError(
      `@StreamMessage(): the name must have 1 to ${MAX_NAME_LENGTH} characters, got ${JSON.stringify(name)}.`,
    );
  }
  const cls = target as MessageClass;
  Object.defineProperty(cls, NAME, { value: name, configurable: true });
  Object.defineProperty(cls.prototype, '$type', { value: name, configurable: true });
  const named = classes.get(name);
  if (named) named.add(cls);
  else classes.set(name, new Set([cls]));
}

/** Returns the name of a message class, or undefined when it is not marked. */
export function messageNameOf(cls: unknown): string | undefined {
  return typeof cls === 'function' && Object.hasOwn(cls, NAME)
    ? (cls as unknown as { [NAME]: string })[NAME]
    : undefined;
}

/** Returns the classes that share a name; more than one is a mistake. */
export function messageClassesNamed(name: string): readonly MessageClass[] {
  return [...(classes.get(name) ?? [])];
}

/** Returns the class with this name; of several, the one marked last. */
export function messageClassNamed(name: string): MessageClass | undefined {
  let last: MessageClass | undefined;
  for (const cls of classes.get(name) ?? []) last = cls;
  return last;
}
