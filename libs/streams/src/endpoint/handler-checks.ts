import type { Type } from '@nestjs/common';
import { messageNameOf } from '@nestwire/protocol';
import type { HandlerParameter } from '../enhancers/handler-parameter.js';
import { isStatic, type ProviderWrapper } from '../enhancers/nest-compat.js';
import { StreamSession } from '../session/stream-session.js';
import { moduleNameOf, type EndpointDefinition, type HandlerDefinition } from './endpoint-definition.js';
import { checkCall } from './call-checks.js';
import { checkMessageClass } from './message-checks.js';

/** Returns the mistakes in the handlers of one endpoint. */
export function checkHandlers(
  definition: EndpointDefinition,
  providers: readonly ProviderWrapper[],
): string[] {
  const { cls, handlers } = definition;
  return [
    ...checkRole(definition, 'isOpened', '@OnStreamOpened()'),
    ...checkRole(definition, 'isClosed', '@OnStreamClosed()'),
    ...handlers.flatMap((handler) => checkMessages(cls, handler)),
    ...handlers.flatMap((handler) => checkCall(cls, handler)),
    ...checkTwice(definition),
    ...handlers.flatMap((handler) => checkParameters(cls, handler)),
    ...handlers.flatMap((handler) => checkUserObjects(`${cls.name}.${handler.method}`, handler, providers)),
    ...checkInstance(definition),
  ];
}

function checkRole(
  definition: EndpointDefinition,
  role: 'isOpened' | 'isClosed',
  decorator: string,
): string[] {
  const methods = definition.handlers.filter(({ mark }) => mark[role]).map(({ method }) => method);
  if (methods.length < 2) return [];
  return [
    `${definition.cls.name}: ${methods.join(' and ')} both have ${decorator}. An endpoint has one; merge them.`,
  ];
}

function checkMessages(cls: Type, { method, mark: { messages } }: HandlerDefinition): string[] {
  const where = `${cls.name}.${method}`;
  if (!messages) return [];
  if (!messages.length)
    return [`${where}: @OnStreamMessage() names no message class. Write @OnStreamMessage(Class).`];
  return messages.flatMap((message) => {
    if (typeof message !== 'function')
      return [
        `${where}: @OnStreamMessage() was given ${String(message)} instead of a class. If two files import each other, move the message class to a file of its own.`,
      ];
    const name = messageNameOf(message);
    if (!name)
      return [`${where}: ${message.name} is not a message. Put @StreamMessage('name') on the class.`];
    return checkMessageClass(message as Type, name);
  });
}

function checkTwice({ cls, handlers }: EndpointDefinition): string[] {
  const first = new Map<string, string>();
  return handlers.flatMap(({ method, mark }) =>
    (mark.messages ?? []).flatMap((message) => {
      const name = messageNameOf(message);
      const earlier = name && first.get(name);
      if (name) first.set(name, method);
      if (!earlier) return [];
      return [
        `${cls.name}.${method}: messages "${name}" are handled by ${earlier} already. Keep one handler for a message.`,
      ];
    }),
  );
}

function checkParameters(cls: Type, { method, mark, parameters }: HandlerDefinition): string[] {
  const where = `${cls.name}.${method}`;
  const isWithoutData = !mark.messages && !mark.isClosed && !mark.call;
  return parameters.flatMap((parameter) => {
    const { source, declared, isDecorated } = parameter;
    const at = `${where}: parameter ${parameter.index + 1}`;
    if (source.kind === 'none') return [`${at} ${meaningless(parameter)}`];
    if (source.kind === 'message-id' && !mark.messages && !mark.call)
      return [`${at} would be the id of the message, but there is none. Remove @StreamMessageId().`];
    if (source.kind === 'data' && isWithoutData)
      return [`${at} would be the message, but there is none when a stream opens. Take the session alone.`];
    if (source.kind === 'data' && !isDecorated && declared === StreamSession)
      return [`${at} is a StreamSession where the message is expected. The session comes first.`];
    if (source.kind === 'call' && messageNameOf(declared))
      return [`${at} is a message where the call is expected. The call comes first, then the request.`];
    if (source.kind === 'session' && !isDecorated && messageNameOf(declared))
      return [`${at} is a message where the session is expected. The session comes first, then the message.`];
    return [];
  });
}

function meaningless({ isDecorated }: HandlerParameter): string {
  return isDecorated
    ? 'has a decorator that means nothing in a stream. Use @UserObject(), @StreamMessageId(), @MessageBody(), @ConnectedSocket() or one made with createParamDecorator().'
    : 'has no decorator, and only the session and the message (or the close reason) go without. Decorate it, for example with @UserObject(), or remove it.';
}

function checkUserObjects(
  where: string,
  { parameters }: HandlerDefinition,
  providers: readonly ProviderWrapper[],
): string[] {
  return parameters.flatMap(({ index, source }) => {
    if (source.kind !== 'user-object') return [];
    const problem = userObjectProblem(source.cls, providers);
    return problem ? [`${where}: @UserObject() at parameter ${index + 1} ${problem}`] : [];
  });
}

function userObjectProblem(cls: unknown, providers: readonly ProviderWrapper[]): string | undefined {
  if (cls === undefined)
    return 'has no class: the build emits no decorator metadata ("emitDecoratorMetadata"), or two files import each other. Write @UserObject(Class).';
  if (typeof cls !== 'function' || cls === Object)
    return 'has no class: the type of the parameter is an interface, a union, or imported with "import type". Write @UserObject(Class).';
  const found = providers.filter(({ token }) => token === cls);
  const [provider] = found;
  if (!provider)
    return `asks for ${cls.name}, which no module provides. Put @SessionScoped() on it and list it under "providers".`;
  if (found.length > 1)
    return `asks for ${cls.name}, which ${found.map(moduleNameOf).join(' and ')} each provide. Provide it in one module and export it from there.`;
  if (isStatic(provider))
    return `asks for ${cls.name}, which is one for all sessions. Put @SessionScoped() on it, or inject it into the endpoint's constructor.`;
  return undefined;
}

/** Checks that a value that replaces the endpoint in a test has its methods. */
function checkInstance({ cls, wrapper, handlers }: EndpointDefinition): string[] {
  if (!wrapper.isNotMetatype || !isStatic(wrapper)) return [];
  const instance = wrapper.instance as Record<string, unknown> | null;
  return handlers
    .filter(({ method }) => typeof instance?.[method] !== 'function')
    .map(
      ({ method }) => `${cls.name}.${method}: the value provided for ${cls.name} has no such method. Add it.`,
    );
}
