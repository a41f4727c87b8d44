import { assertLegacyDecorator } from '@nestwire/messages';
import type { StreamEndpointOptions } from './endpoint.js';
import { markEndpoint } from './endpoint-metadata.js';
import type { MustDeclare } from './endpoint-params.js';

/**
 * Makes a provider an endpoint: clients reach it as `client.<name>`.
 *
 * It applies `@Injectable()`. List the class under `providers` of one module.
 *
 * @param name begins with a letter; letters, digits, `_`, `-` and `.`; 128 characters at most
 */
export function StreamEndpoint<P extends object = never>(
  name: string,
  options: StreamEndpointOptions<P> = {},
): EndpointDecorator<P> {
  return (target: object, context?: unknown) => {
    assertLegacyDecorator('@StreamEndpoint()', context);
    markEndpoint(target, { name, options });
  };
}

type EndpointDecorator<P> = <E extends object>(
  // oxlint-disable-next-line no-explicit-any -- constructors have every signature
  target: (new (...args: any[]) => E) & MustDeclare<E, P>,
) => void;
