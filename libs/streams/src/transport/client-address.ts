import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/**
 * Which proxies in front of the server to believe.
 *
 * False: none. True: all of them, take the first address of `X-Forwarded-For`. A number: that many
 * proxies. A list: the addresses or CIDR ranges of the proxies.
 */
export type TrustProxy = boolean | number | readonly string[];

const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const V4_WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):\d+$/;
const IN_BRACKETS = /^\[([^\]]+)\](?::\d+)?$/;
const MAX_FORWARDED_LENGTH = 1_024;
const V6_PREFIX_GROUPS = 4;
const V6_GROUPS = 8;
const MAX_KNOWN_ADDRESSES = 1_000;

const PRIVATE = blockList([
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]);

/** Reads the address of clients, through proxies where those are to be believed. */
export class ClientAddress {
  private readonly proxies: BlockList | undefined;
  /** What addresses that came before count as: behind a proxy they are few. */
  private readonly keys = new Map<string, string | undefined>();

  constructor(private readonly trustProxy: TrustProxy = false) {
    if (Array.isArray(trustProxy)) this.proxies = blockList(trustProxy as readonly string[]);
  }

  /** Returns the IP address of the client that sent the request. */
  of(request: IncomingMessage): string {
    const peer = normalize(request.socket.remoteAddress ?? '');
    if (this.trustProxy === false || this.trustProxy === 0) return peer;
    return this.throughProxies([...forwardedFor(request), peer]);
  }

  /**
   * Returns what limits by address count as one, or undefined for an address that they leave alone.
   *
   * IPv6 counts by /64. Without `trustProxy` a private or loopback peer may be a proxy that many
   * clients share, so it is left alone.
   */
  limitKey(address: string): string | undefined {
    if (this.keys.has(address)) return this.keys.get(address);
    const key = this.makeKey(address);
    if (this.keys.size < MAX_KNOWN_ADDRESSES) this.keys.set(address, key);
    return key;
  }

  private makeKey(address: string): string | undefined {
    if (!isIP(address)) return undefined;
    if (this.trustProxy === false && contains(PRIVATE, address)) return undefined;
    return isIP(address) === 6 ? prefix64(address) : address;
  }

  private throughProxies(chain: readonly string[]): string {
    if (this.trustProxy === true) return chain[0]!;
    if (typeof this.trustProxy === 'number') return chain[Math.max(0, chain.length - 1 - this.trustProxy)]!;
    for (let at = chain.length - 1; at > 0; at--) {
      if (!contains(this.proxies!, chain[at]!)) return chain[at]!;
    }
    return chain[0]!;
  }
}

function forwardedFor(request: IncomingMessage): string[] {
  const header = String(request.headers['x-forwarded-for'] ?? '');
  if (header.length > MAX_FORWARDED_LENGTH) return [];
  const addresses = header.split(',').map((part) => normalize(withoutPort(part.trim())));
  // Proxies append: what stands before something that is no address may be anything the client wrote.
  return addresses.slice(addresses.findLastIndex((address) => !isIP(address)) + 1);
}

function withoutPort(address: string): string {
  return V4_WITH_PORT.exec(address)?.[1] ?? IN_BRACKETS.exec(address)?.[1] ?? address;
}

function normalize(address: string): string {
  const withoutZone = address.split('%')[0]!;
  return V4_MAPPED.exec(withoutZone)?.[1] ?? withoutZone;
}

function prefix64(address: string): string {
  const [head = '', tail] = address.split('::');
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : Math.max(0, V6_GROUPS - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${groups
    .slice(0, V6_PREFIX_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return isIP(address) > 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
