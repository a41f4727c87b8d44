/**
 * Refuses a decorator that is called as a standard one, with a context object.
 *
 * @param second what the decorator got as its second argument: the key of a member, nothing for a class
 * @throws {TypeError} when the compiler does not have `experimentalDecorators`
 */
export function assertLegacyDecorator(decorator: string, second: unknown): void {
  if (typeof second !== 'object' || second === null) return;
  throw new TypeError(
    `${decorator}: decorators are compiled as standard ones, which Nest and class-validator do not know. ` +
      'Set "experimentalDecorators": true in the compilerOptions of tsconfig.json.',
  );
}
