import type { PipeTransform, Type } from '@nestjs/common';
import type { StreamContext } from './stream-context.js';

/** The source of a parameter's value. */
export type ParameterSource =
  /** The session. */
  | { readonly kind: 'session' }
  /** The call of a stream method. */
  | { readonly kind: 'call' }
  /** The items that the client sends into the call. */
  | { readonly kind: 'items' }
  /** The message, the close reason, or one property of it. */
  | { readonly kind: 'data'; readonly property?: string }
  /** The user object of this class. */
  | { readonly kind: 'user-object'; readonly cls: Type }
  /** The permanent id of the message. */
  | { readonly kind: 'message-id' }
  /** A decorator of Nest's `createParamDecorator`. */
  | {
      readonly kind: 'custom';
      readonly argument: unknown;
      readonly factory: (data: unknown, context: StreamContext) => unknown;
    }
  /** A decorator without meaning in a stream. */
  | { readonly kind: 'none' };

/** One parameter of a handler. */
export interface HandlerParameter {
  readonly index: number;
  readonly source: ParameterSource;
  /** The class in the emitted metadata; `Object` for types without a class. */
  readonly declared: unknown;
  /** True when the parameter has a decorator. */
  readonly isDecorated: boolean;
  /** Pipes of the parameter's own decorator. */
  readonly pipes: ReadonlyArray<Type<PipeTransform> | PipeTransform>;
  /** The Standard Schema of the decorator (Nest 12). */
  readonly schema?: unknown;
}
