import { Type } from 'class-transformer';
import { IsInt, IsString, MaxLength, ValidateNested } from 'class-validator';
import { create, StreamMessage } from '@nestwire/protocol';

@StreamMessage('e2e.note')
export class Note {
  declare readonly $type: 'e2e.note';
  @IsString() @MaxLength(60_000) text!: string;
}

/** A message that its handler takes its time for, or fails at. */
@StreamMessage('e2e.task')
export class Task {
  declare readonly $type: 'e2e.task';
  @IsString() text!: string;
}

export class Amount {
  @IsInt() cents!: number;
}

@StreamMessage('e2e.order')
export class Order {
  declare readonly $type: 'e2e.order';
  @ValidateNested() @Type(() => Amount) amount!: Amount;
}

/** All message classes of the suite, for clients. */
export const MESSAGES = [Note, Task, Order] as const;

/** Makes a note. */
export function note(text: string): Note {
  return create(Note, { text });
}

/** Makes a task. */
export function task(text: string): Task {
  return create(Task, { text });
}

/** Makes an order, valid or not. */
export function order(cents: unknown): Order {
  return create(Order, { amount: Object.assign(new Amount(), { cents }) });
}
