import type { Provider } from '@nestjs/common';
import { SessionScopes } from '../session/session-scopes.js';
import { streamSessionProvider } from '../session/stream-session-provider.js';
import { EndpointExplorer } from './endpoint.explorer.js';
import { EndpointRegistry } from './endpoint-registry.js';

/**
 * The providers that find and run endpoints.
 *
 * Their module imports Nest's `DiscoveryModule`. It exports `StreamSession`, so that
 * `@InjectStreamSession()` works in the application's modules.
 */
export const ENDPOINT_PROVIDERS: Provider[] = [
  EndpointExplorer,
  EndpointRegistry,
  SessionScopes,
  streamSessionProvider,
];
