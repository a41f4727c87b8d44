/**
 * Ends a connection with a TCP reset, if it can still have one.
 *
 * Node resets nothing that is ending by itself: the handle would never be closed, and the process would wait for
 * it for ever as it exits.
 *
 * @param {import('node:net').Socket} socket
 */
export function resetSocket(socket) {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
