import type { Provider } from '@nestjs/common';
import { SessionScopes } from '../session/session-scopes.js';
import { streamSessionProvider } from '../session/stream-session-provider.js';
import { EndpointExplorer } from './endpoint.explorer.js';
import { EndpointRegistry } from './endpoint-registry.js';

/**
 * What finds and runs endpoints, for a module that imports Nest's
 * `DiscoveryModule`.
 *
 * The module exports `StreamSession`, so that `@InjectStreamSession()` works in the application's modules.
 */
export const ENDPOINT_PROVIDERS: Provider[] = [
  EndpointExplorer,
  EndpointRegistry,
  SessionScopes,
  streamSessionProvider,
];
