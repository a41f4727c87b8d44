/** Names by which `await` finds a promise, and by which tools recognize an object. */
const PROBED = /^(then|catch|finally|toJSON|prototype|asymmetricMatch|nodeType|tagName|inspect)$/;

/** Returns true for a name that an endpoint or a stream method can have. */
export function isMember(key: unknown): key is string {
  return typeof key === 'string' && /^[a-z]/i.test(key) && !PROBED.test(key);
}
