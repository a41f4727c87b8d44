import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A method of a provider or controller, with the metadata of a decorator. */
export interface DecoratedMethod<T> {
  readonly wrapper: Wrapper;
  readonly method: string;
  readonly metadata: T;
}

/** Finds the methods of an application that have the metadata of a decorator. */
export function decoratedMethods<T>(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  metadataOf: (method: unknown) => readonly T[],
): DecoratedMethod<T>[] {
  const seen = new Set<unknown>();
  const found: DecoratedMethod<T>[] = [];
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const prototype = prototypeOf(wrapper);
    if (!prototype || wrapper.isAlias || seen.has(wrapper.instance ?? wrapper)) continue;
    seen.add(wrapper.instance ?? wrapper);
    for (const method of scanner.getAllMethodNames(prototype))
      for (const metadata of metadataOf((prototype as Record<string, unknown>)[method]))
        found.push({ wrapper, method, metadata });
  }
  return found;
}

/** Returns true for a class with one instance for the whole application. */
export function isSingleton(wrapper: Wrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

function prototypeOf({ instance, metatype, inject }: Wrapper): object | undefined {
  if (instance && typeof instance === 'object') return Object.getPrototypeOf(instance) as object;
  return inject ? undefined : ((metatype as { prototype?: object } | null)?.prototype ?? undefined);
}
