import type { Type } from '@nestjs/common';
import { messageNameOf } from '@nestwire/protocol';
import { itemClassesOf, type CallMark } from './endpoint-metadata.js';
import type { HandlerDefinition } from './endpoint-definition.js';
import { checkMessageClass } from './message-checks.js';
import { isReservedMethodName } from './reserved-method-name.js';

/** Returns the mistakes in a stream method; none for any other handler. */
export function checkCall(cls: Type, { method, mark }: HandlerDefinition): string[] {
  const { call } = mark;
  if (!call) return [];
  const where = `${cls.name}.${method}`;
  const isOther = mark.messages || mark.isOpened || mark.isClosed;
  return [
    ...(isOther
      ? [`${where}: @StreamMethod() stands beside another decorator of streams. Make it a method of its own.`]
      : []),
    ...(isReservedMethodName(method)
      ? [
          `${where}: a stream method cannot have this name, because the client has such a member. Begin with a letter and rename it.`,
        ]
      : []),
    ...checkMessage(where, '@StreamMethod()', call.request),
    ...itemClassesOf(call).flatMap((item) => checkMessage(where, 'The option "items"', item)),
    ...checkResumable(where, call),
  ];
}

function checkMessage(where: string, given: string, message: unknown): string[] {
  if (typeof message !== 'function')
    return [
      `${where}: ${given} was given ${String(message)} instead of a class. If two files import each other, move the message class to a file of its own.`,
    ];
  const name = messageNameOf(message);
  if (!name) return [`${where}: ${message.name} is not a message. Put @StreamMessage('name') on the class.`];
  return checkMessageClass(message as Type, name);
}

function checkResumable(where: string, call: CallMark): string[] {
  const { resumable } = call.options;
  if (!resumable) return [];
  const wrong = Object.entries(resumable).filter(([, value]) => !(Number.isFinite(value) && value > 0));
  return [
    ...wrong.map(
      ([name, value]) => `${where}: "resumable.${name}" must be a number above 0, got ${String(value)}.`,
    ),
    ...(itemClassesOf(call).length
      ? [
          `${where}: a call with "items" cannot be resumable, because its client sends them. Remove one of the options.`,
        ]
      : []),
  ];
}
