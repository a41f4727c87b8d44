import { isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/**
 * The trusted proxies in front of the server, whose `X-Forwarded-For` is used.
 *
 * False: none. A number: the count of proxies. A list: their addresses or CIDR ranges.
 */
export type TrustProxy = false | number | readonly string[];

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [start: Address, bits: number];

const V4_WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):\d+$/;
const IN_BRACKETS = /^\[([^\]]+)\](?::\d+)?$/;
/** Longer than any IPv6 address with brackets, a zone and a port. */
const MAX_ENTRY_LENGTH = 100;
const MAX_PROXIES = 32;
/** The size of the cache of parsed addresses; a connection uses its own several times. */
const MAX_KNOWN = 1_024;
const V6_PREFIX_GROUPS = 4;
const MAPPED_BITS = 96;

/** The ranges of `ipaddr.js` for proxies in the same network. */
const NEARBY: ReadonlySet<string> = new Set(['private', 'loopback', 'linkLocal', 'uniqueLocal']);

/** Determines the address of clients, also behind trusted proxies. */
export class ClientAddress {
  private readonly proxies: readonly Range[];

  constructor(private readonly trustProxy: TrustProxy = false) {
    this.proxies = isList(trustProxy)
      ? trustProxy.map(parseRange).filter((range) => range !== undefined)
      : [];
  }

  /**
   * Returns the IP address of the client in its shortest form; empty for a Unix socket.
   *
   * Undefined when the header has no valid address at the position that `trustProxy` selects.
   */
  of(request: IncomingMessage): string | undefined {
    const peer = request.socket.remoteAddress ?? '';
    const { trustProxy } = this;
    if (!trustProxy) return addressOf(peer)?.toString() ?? '';
    const entries = fromTheEnd(String(request.headers['x-forwarded-for'] ?? ''));
    if (isList(trustProxy)) return this.behindProxies(peer, entries);
    const entry = nth(entries, trustProxy);
    return entry === undefined ? (addressOf(peer)?.toString() ?? '') : addressOf(entry)?.toString();
  }

  /**
   * Returns the key of an address for limits; undefined for an exempt address.
   *
   * Without `trustProxy`, private and loopback addresses are exempt, because many clients may share such a
   * proxy.
   */
  limitKey(address: string): string | undefined {
    const parsed = addressOf(address);
    if (!parsed) return undefined;
    if (this.trustProxy === false && NEARBY.has(parsed.range())) return undefined;
    return keyOf(parsed);
  }

  /** Returns true when a trusted proxy sent the request. */
  isProxied(request: IncomingMessage): boolean {
    if (!isList(this.trustProxy)) return Number(this.trustProxy) > 0;
    const peer = addressOf(request.socket.remoteAddress ?? '');
    return peer !== undefined && this.isProxy(peer);
  }

  /**
   * Returns true when a request from an exempt address probably came through a proxy.
   *
   * False for a program on the same machine, as in development: its request has no header of a proxy.
   */
  mayBeProxied({ socket, headers }: IncomingMessage): boolean {
    const range = addressOf(socket.remoteAddress ?? '')?.range();
    if (this.trustProxy !== false || range === undefined || !NEARBY.has(range)) return false;
    return range !== 'loopback' || headers['x-forwarded-for'] !== undefined;
  }

  private behindProxies(peer: string, entries: Iterable<string>): string | undefined {
    let last = addressOf(peer);
    if (!last || !this.isProxy(last)) return last?.toString() ?? '';
    let passed = 0;
    for (const entry of entries) {
      last = addressOf(entry);
      if (!last || ++passed > MAX_PROXIES) return undefined;
      if (!this.isProxy(last)) break;
    }
    return last.toString();
  }

  private isProxy(address: Address): boolean {
    return this.proxies.some(
      // `never`, because the overloads of ipaddr.js do not take a union; the kinds are equal here.
      ([start, bits]) => start.kind() === address.kind() && address.match(start as never, bits),
    );
  }
}

/**
 * Returns the network that counts as one client.
 *
 * An IPv4 address counts alone, an IPv6 address with its /64. An IPv6 address that embeds an IPv4 address
 * (mapped, NAT64, 6to4) counts as that address.
 */
export function networkOf(address: string): string {
  const parsed = addressOf(address);
  return parsed ? keyOf(parsed) : '';
}

/** Returns true when a text is an address or a CIDR range. */
export function isAddressRange(text: unknown): boolean {
  return typeof text === 'string' && parseRange(text) !== undefined;
}

function isList(trustProxy: TrustProxy): trustProxy is readonly string[] {
  return Array.isArray(trustProxy);
}

/** Yields the non-empty entries of a list header in reverse, because proxies append. */
function* fromTheEnd(header: string): Generator<string> {
  for (let end = header.length; end > 0;) {
    const comma = header.lastIndexOf(',', end - 1);
    const entry = header.slice(comma + 1, end).trim();
    if (entry) yield entry;
    end = comma;
  }
}

/** Returns the n-th entry; the last one if there are fewer. */
function nth(entries: Iterable<string>, count: number): string | undefined {
  let last: string | undefined;
  let at = 0;
  for (const entry of entries) {
    last = entry;
    if (++at === count) break;
  }
  return last;
}

const known = new Map<string, Address>();

function addressOf(entry: string): Address | undefined {
  if (entry.length > MAX_ENTRY_LENGTH) return undefined;
  return known.get(entry) ?? remember(entry, parse(entry));
}

function remember(entry: string, address: Address | undefined): Address | undefined {
  if (!address) return undefined;
  const [oldest] = known.keys();
  if (known.size >= MAX_KNOWN) known.delete(oldest);
  // Copy the entry, because a substring would keep the whole header alive.
  known.set(Buffer.from(entry).toString(), address);
  return address;
}

function parse(entry: string): Address | undefined {
  const bare = V4_WITH_PORT.exec(entry)?.[1] ?? IN_BRACKETS.exec(entry)?.[1] ?? entry;
  const [withoutZone = ''] = bare.split('%');
  // `ipaddr.js` also accepts octal and short forms, which programs may read differently.
  return isIP(withoutZone) ? ipaddr.process(withoutZone) : undefined;
}

function parseRange(text: string): Range | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (!version || rest.length || address.includes('%') || (bits !== undefined && !/^\d{1,3}$/.test(bits)))
    return undefined;
  const parsed = ipaddr.process(address);
  const mapped = version === 6 && parsed.kind() === 'ipv4' ? MAPPED_BITS : 0;
  const most = parsed.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : Number(bits) - mapped;
  return length < 0 || length > most ? undefined : [parsed, length];
}

function keyOf(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString();
  const { parts } = address as ipaddr.IPv6;
  const range = address.range();
  if (range === 'rfc6052') return v4Of(parts.slice(6, 8));
  if (range === '6to4') return v4Of(parts.slice(1, 3));
  const prefix = parts.slice(0, V6_PREFIX_GROUPS).map((group) => group.toString(16));
  return `${prefix.join(':')}::/64`;
}

function v4Of(groups: readonly number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}
