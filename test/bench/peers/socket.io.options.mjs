/** Both peers of Socket.IO: WebSockets alone, and no heartbeat, as the other peers have none. */
export const SOCKET_IO_OPTIONS = { transports: ['websocket'], serveClient: false, pingInterval: 3_600_000 };
