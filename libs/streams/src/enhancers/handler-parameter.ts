import type { PipeTransform, Type } from '@nestjs/common';
import type { StreamContext } from './stream-context.js';

/** Where the value of a handler's parameter comes from. */
export type ParameterSource =
  /** The session. */
  | { readonly kind: 'session' }
  /** The message, the close reason, or one property of it. */
  | { readonly kind: 'data'; readonly property?: string }
  /** The user object of this class. */
  | { readonly kind: 'user-object'; readonly cls: Type }
  /** The id of the message that outlives its connection. */
  | { readonly kind: 'message-id' }
  /** A decorator made with Nest's `createParamDecorator`. */
  | {
      readonly kind: 'custom';
      readonly argument: unknown;
      readonly factory: (data: unknown, context: StreamContext) => unknown;
    }
  /** A decorator that means nothing in a stream. */
  | { readonly kind: 'none' };

/** One parameter of a handler. */
export interface HandlerParameter {
  readonly index: number;
  readonly source: ParameterSource;
  /**
   * Its declared class, as the compiler wrote it down; `Object` for what is no
   * class.
   */
  readonly declared: unknown;
  /** Tells whether a decorator stands before it. */
  readonly isDecorated: boolean;
  /** Pipes of the parameter's own decorator. */
  readonly pipes: ReadonlyArray<Type<PipeTransform> | PipeTransform>;
  /** A Standard Schema that the decorator was given (Nest 12). */
  readonly schema?: unknown;
}
