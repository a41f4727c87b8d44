/** A class of requests. */
export type RequestClass<T extends object = object> = new () => T;

/**
 * The decorators of class-validator for each field of a class.
 *
 * Their order is that in which a class would have them.
 */
export type FieldRules<T extends object> = {
  readonly [Field in Exclude<keyof T, '$type'>]-?: readonly PropertyDecorator[];
};

/** The rules of one class. */
export interface ClassRules {
  readonly cls: RequestClass;
  readonly fields: Readonly<Record<string, readonly PropertyDecorator[]>>;
}

/**
 * Gives each field of a class of requests its rules.
 *
 * The class itself has no decorators, and declares its fields alone, because it is in the bundle of a page too: a
 * page needs neither the rules nor class-validator. A field without rules does not compile.
 */
export function rules<T extends object>(cls: RequestClass<T>, fields: FieldRules<NoInfer<T>>): ClassRules {
  return { cls, fields };
}
