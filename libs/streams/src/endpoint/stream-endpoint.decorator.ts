import { assertLegacyDecorator } from '@nestwire/messages';
import type { StreamEndpointOptions } from './endpoint.js';
import { markEndpoint } from './endpoint-metadata.js';

/**
 * Makes a provider an endpoint: clients reach it as `client.<name>`.
 *
 * It applies `@Injectable()`. List the class under `providers` of one module.
 *
 * @param name begins with a letter; letters, digits, `_`, `-` and `.`; 128 characters at most
 */
export function StreamEndpoint(name: string, options: StreamEndpointOptions = {}): ClassDecorator {
  return (target: object, context?: unknown) => {
    assertLegacyDecorator('@StreamEndpoint()', context);
    markEndpoint(target, { name, options });
  };
}
