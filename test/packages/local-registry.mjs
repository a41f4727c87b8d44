import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename } from 'node:path';

/**
 * Serves packed libraries to npm, so that commands of the pages run as they are printed.
 *
 * @param {readonly { name: string, tarball: string, manifest: object }[]} packages
 * @returns {Promise<{ env: NodeJS.ProcessEnv, close: () => void }>} the environment that sends npm here
 */
export async function serveRegistry(packages) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const asked = packages.find(
      ({ name, tarball }) => path === `/${name}` || path === `/${basename(tarball)}`,
    );
    if (!asked) return response.writeHead(404).end();
    if (path !== `/${asked.name}`) return response.end(readFileSync(asked.tarball));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(packument(asked, `http://${request.headers.host}`)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/`;
  return { env: { 'npm_config_@nestwire:registry': address }, close: () => server.close() };
}

function packument({ name, tarball, manifest }, address) {
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  const dist = { tarball: `${address}/${basename(tarball)}`, integrity };
  const { version } = manifest;
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
