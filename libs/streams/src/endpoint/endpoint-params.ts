import type { ParamsIn } from './handler-types.js';

/** Any method of an endpoint class. */
// oxlint-disable-next-line no-explicit-any -- methods of every signature are checked
export type AnyMethod = (...args: any[]) => unknown;

/** The union of the public methods of a class. */
export type MethodsOf<E> = { [K in keyof E]: E[K] extends AnyMethod ? E[K] : never }[keyof E];

type ParamsOfMethod<F> = F extends (...args: infer A) => unknown ? ParamsIn<A> : never;

/** The parameters that the handlers of an endpoint declare; `never` without any. */
export type ParamsOfEndpoint<E> = ParamsOfMethod<MethodsOf<E>>;

/** A value of a parameter. */
export type ParamValue = string | number | boolean;

/** Refuses values that are not flat: equal parameters have one canonical text. */
export type FlatParams<P> = {
  [K in keyof P]: Exclude<P[K], undefined> extends ParamValue ? P[K] : ParamValue;
};

/** A class of parameters. */
export type ParamsClass<P extends object = object> = new () => P & FlatParams<P>;

/** Refuses handlers that do not declare the parameters of the decorator. */
export type MustDeclare<E, P> = [P] extends [never]
  ? [ParamsOfEndpoint<E>] extends [never]
    ? unknown
    : { 'add to @StreamEndpoint': { params: ParamsOfEndpoint<E> } }
  : [ParamsOfEndpoint<E>] extends [never]
    ? { 'no handler declares the parameters; write StreamSession<Out, User, Params> with': P }
    : [P, ParamsOfEndpoint<E>] extends [ParamsOfEndpoint<E>, P]
      ? unknown
      : { 'handlers declare other parameters': ParamsOfEndpoint<E>; 'than the decorator': P };
