import { StreamMessage, type MessageClass } from '@nestwire/protocol';

/** The steps of a message that are compiled. */
export type Step = 'decode' | 'check' | 'encode';

/** The properties of a message class besides its decorators. */
export interface ShapeOptions {
  /** Data that the class accepts. */
  readonly accepts: readonly object[];
  /** Data for its properties, at the borders of what it accepts. */
  readonly values?: readonly unknown[];
  /** The accepted values that are left to the libraries; none for an ordinary class. */
  readonly leaves?: readonly Step[];
  /** True when a constraint, also of a nested class, is asynchronous. */
  readonly isAsync?: boolean;
}

/** A message class that the fuzz tries. */
export interface Shape extends Required<ShapeOptions> {
  readonly cls: MessageClass;
}

/** All shapes, in the order of their making. */
export const shapes: Shape[] = [];

/** Makes a message of a class and adds it to the shapes. */
export function shape(options: ShapeOptions): ClassDecorator {
  return (cls) => {
    StreamMessage(`fuzz.${cls.name}`)(cls as never);
    shapes.push({ values: [], leaves: [], isAsync: false, ...options, cls: cls as never });
  };
}

/** The message classes that data may name beside the shapes and the classes of their properties. */
export const nameable: MessageClass[] = [];

/** Outer state, by which some classes of shapes decide what they are. */
export const outer = { isFlipped: false };

export const DECODE: readonly Step[] = ['decode'];
export const ENCODE: readonly Step[] = ['encode'];
export const CHECK: readonly Step[] = ['check'];
/** The fields whose class-transformer options exceed types. */
export const CODED: readonly Step[] = ['decode', 'encode'];
export const ALL: readonly Step[] = ['decode', 'check', 'encode'];
