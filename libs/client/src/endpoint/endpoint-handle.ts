import type { Items } from '../calls/call-items.js';
import type { CallOptions } from '../calls/call-options.js';
import type { CallRequest } from '../calls/client-call.js';
import { isMember } from '../member-names.js';

/** Starts or resumes a call; returns its handle. */
type StartCall = (request: CallRequest, options?: CallOptions) => object;

/**
 * Makes an endpoint of the client.
 *
 * It is a function of its parameters, with members and stream methods.
 * The members win over methods. Other names than those that a method can have are undefined.
 */
export function endpointHandle(
  withParams: (params: object) => object,
  members: object,
  start: StartCall,
): object {
  const face = Object.assign(withParams, members) as unknown as Record<string | symbol, unknown>;
  return new Proxy(face, {
    get: (_, key) => face[key] ?? (isMember(key) ? (face[key] = methodOf(key, start)) : undefined),
  });
}

function methodOf(method: string, start: StartCall): object {
  return Object.assign(
    (request: unknown, second?: Items<unknown> | CallOptions, third?: CallOptions) => {
      const isItems = !!second && (Symbol.asyncIterator in second || Symbol.iterator in second);
      return start(
        { method, start: { request, items: isItems ? second : undefined } },
        isItems ? third : (second as CallOptions),
      );
    },
    { resume: (id: string, options?: CallOptions) => start({ method }, { ...options, id }) },
  );
}
