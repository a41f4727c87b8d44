/** The properties of a message that its creator sets: no methods, no `$type`. */
export type MessageProps<T> = {
  [K in keyof T as K extends '$type' ? never : T[K] extends (...args: never[]) => unknown ? never : K]: T[K];
};

/** Maps the properties of `P` that `T` lacks to `never`. */
type NoUnknown<T, P> = { [K in Exclude<keyof P, keyof MessageProps<T> | '$type'>]: never };

/**
 * Makes a message from some of its properties; the others keep their defaults.
 *
 * `create(Note, { ...note, text })` makes a changed copy, because received messages are frozen. The compiler
 * refuses properties that the class does not declare.
 */
export function create<
  T extends object,
  const P extends Partial<MessageProps<T>> & { readonly $type?: unknown },
>(cls: new () => T, props: P & NoUnknown<T, P> = {} as P & NoUnknown<T, P>): T {
  // The prototype has the discriminant; a copied own property would hide it.
  const { $type: _, ...own } = props as { readonly $type?: unknown };
  return Object.assign(new cls(), own);
}
