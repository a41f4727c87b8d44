// class-transformer's decorators call Reflect.getMetadata and crash where nothing defined it.
// A real reflect-metadata (0.2 or newer) that loads later replaces this stand-in.
const reflect = Reflect as { getMetadata?: (key: unknown, target: object, property?: string) => unknown };

reflect.getMetadata ??= () => undefined;
