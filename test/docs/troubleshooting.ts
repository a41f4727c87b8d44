// The code of docs/troubleshooting.md; compiled with the tests.
import type { AnyStreamClient } from '@nestwire/client';

// #region status
export function logStatus(client: AnyStreamClient): () => void {
  return client.addConnectionStatusListener((status) => console.log(JSON.stringify(status)));
}
// #endregion status
