// Decorators in plain JavaScript: what the compiler writes for a decorated class, for programs that run
// against the built libraries without a build of their own.
import 'reflect-metadata';

/**
 * @typedef {object} MethodParts
 * @property {readonly Function[]} [decorators]
 * @property {readonly Function[]} [takes] the types of the parameters
 * @property {Record<number, Function>} [parameters] decorators of the parameters
 */

/**
 * Decorates a class.
 *
 * Decorators are `Function`, because their own types check handlers and message classes that TypeScript declares.
 *
 * @param {Function} cls
 * @param {object} parts
 * @param {readonly Function[]} [parts.decorators] of the class, in source order: the last runs first
 * @param {readonly Function[]} [parts.inject] the types of the constructor's parameters
 * @param {Record<number, Function>} [parts.injectBy] decorators of the constructor's parameters
 * @param {Record<string, readonly Function[]>} [parts.properties] the type of each property, then its decorators
 * @param {Record<string, MethodParts>} [parts.methods]
 * @returns {new (...args: any[]) => any} the class; only decorators declare its properties
 */
export function decorate(cls, { decorators = [], inject, injectBy = {}, properties = {}, methods = {} }) {
  for (const [name, [type, ...ofProperty]] of Object.entries(properties)) {
    Reflect.defineMetadata('design:type', type, cls.prototype, name);
    for (const decorator of ofProperty.toReversed()) decorator(cls.prototype, name);
  }
  for (const [name, parts] of Object.entries(methods)) decorateMethod(cls.prototype, name, parts);
  if (inject) Reflect.defineMetadata('design:paramtypes', inject, cls);
  for (const [index, decorator] of Object.entries(injectBy)) decorator(cls, undefined, Number(index));
  for (const decorator of decorators.toReversed()) decorator(cls);
  return /** @type {any} */ (cls);
}

/**
 * @param {object} prototype
 * @param {string} name
 * @param {MethodParts} parts
 */
function decorateMethod(prototype, name, { decorators = [], takes = [], parameters = {} }) {
  Reflect.defineMetadata('design:paramtypes', takes, prototype, name);
  for (const [index, decorator] of Object.entries(parameters)) decorator(prototype, name, Number(index));
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  for (const decorator of decorators.toReversed()) decorator(prototype, name, descriptor);
}
