/** The properties of a message that its maker gives: no methods, no `$type`. */
export type MessageProps<T> = {
  [K in keyof T as K extends '$type' ? never : T[K] extends (...args: never[]) => unknown ? never : K]: T[K];
};

/** Names the properties of `P` that `T` does not have. */
type NoUnknown<T, P> = { [K in Exclude<keyof P, keyof MessageProps<T> | '$type'>]: never };

/**
 * Makes a message from some of its properties; the others keep their defaults.
 *
 * `create(Note, { ...note, text })` makes a changed copy: received messages are frozen.
 * Properties that the class does not declare are refused by the compiler.
 */
export function create<
  T extends object,
  const P extends Partial<MessageProps<T>> & { readonly $type?: unknown },
>(cls: new () => T, props: P & NoUnknown<T, P> = {} as P & NoUnknown<T, P>): T {
  // The discriminant stands on the prototype, and a copied one must not stand in its way.
  const { $type: _, ...own } = props as { readonly $type?: unknown };
  return Object.assign(new cls(), own);
}
