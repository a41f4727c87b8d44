type Method = (...args: never[]) => unknown;

type Untouched = string | number | bigint | boolean | symbol | null | undefined | Date | Uint8Array | Method;

/**
 * A value inside a received message.
 *
 * Without class-transformer, instances of classes other than messages are plain objects without methods.
 */
export type ReceivedValue<T> = unknown extends T
  ? T
  : T extends Untouched
    ? T
    : T extends Map<infer K, infer V>
      ? Map<ReceivedValue<K>, ReceivedValue<V>>
      : T extends Set<infer I>
        ? Set<ReceivedValue<I>>
        : T extends readonly unknown[] | { readonly $type: string }
          ? { [K in keyof T]: ReceivedValue<T[K]> }
          : { [K in keyof T as T[K] extends Method ? never : K]: ReceivedValue<T[K]> };

/**
 * A message as a client receives it: an instance of its class.
 *
 * The type is the class itself, unless a class inside it has methods or private members.
 */
export type Received<M> = M extends object
  ? [ChangedKeys<M>] extends [never]
    ? M
    : Omit<M, ChangedKeys<M>> & { [K in keyof Pick<M, ChangedKeys<M>>]: ReceivedValue<M[K]> }
  : M;

type ChangedKeys<M> = {
  [K in keyof M]-?: [ReceivedValue<M[K]>] extends [M[K]] ? never : K;
}[keyof M];
