/** The names of members: none by which `await` finds a promise, or tools recognize an object. */
const MEMBER = /^(?!(then|catch|finally|toJSON|prototype|asymmetricMatch|nodeType|tagName|inspect)$)[a-zA-Z]/;

/** Returns true for a name that an endpoint or a stream method can have. */
export function isMember(key: unknown): key is string {
  return typeof key === 'string' && MEMBER.test(key);
}
