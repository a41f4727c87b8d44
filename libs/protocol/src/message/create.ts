/** The properties of a message that its maker gives: no methods, no `$type`. */
export type MessageProps<T> = {
  [K in keyof T as K extends '$type' ? never : T[K] extends (...args: never[]) => unknown ? never : K]: T[K];
};

/** Names the properties of `P` that `T` does not have. */
type NoUnknown<T, P> = { [K in Exclude<keyof P, keyof MessageProps<T>>]: never };

/**
 * Makes a message from some of its properties; the others keep their defaults.
 *
 * Properties that the class does not declare are refused by the compiler.
 */
export function create<T extends object, const P extends Partial<MessageProps<T>>>(
  cls: new () => T,
  props: P & NoUnknown<T, P> = {} as P & NoUnknown<T, P>,
): T {
  return Object.assign(new cls(), props);
}
