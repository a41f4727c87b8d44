export type { WaitOptions } from './deadline.js';
export { FakeClock } from './fake-clock.js';
export { describeHistoryBackend, type HistoryBackendTraits } from './history-backend.contract.js';
export { describeMessagesBackend, type MessagesBackendTraits } from './messages-backend.contract.js';
export { describeNamedReadersBackend, type NamedReadersTraits } from './named-readers-backend.contract.js';
export { describePresenceBackend, type PresenceBackendTraits } from './presence-backend.contract.js';
export { reached, testClient, type TestClient } from './test-client.js';
export { TestEndpoint, type NextOptions } from './test-endpoint.js';
export { TestServer, type Connect, type ConnectOptions, type TestServerOptions } from './test-server.js';
