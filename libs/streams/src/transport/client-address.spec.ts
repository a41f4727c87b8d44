import type { IncomingMessage } from 'node:http';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { ClientAddress, networkOf, type TrustProxy } from './client-address.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('client-address') });

/** The used parts of a request, as Node provides them. */
function request(remoteAddress: string, forwarded: string): IncomingMessage {
  return { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } } as never;
}

describe('ClientAddress', () => {
  const forwarded = '198.51.100.7, 198.51.100.8';
  const cases: Array<
    [name: string, trust: TrustProxy, header: string, peer: string, expected: string | undefined]
  > = [
    ['believes nobody by default', false, forwarded, '203.0.113.1', '203.0.113.1'],
    ['counts proxies from the server on', 1, forwarded, '203.0.113.1', '198.51.100.8'],
    ['takes the first where there are fewer', 5, forwarded, '203.0.113.1', '198.51.100.7'],
    ['takes the peer where there is none', 1, '', '203.0.113.1', '203.0.113.1'],
    ['leaves empty entries out', 1, '198.51.100.7,, ,', '203.0.113.1', '198.51.100.7'],
    [
      'goes back over listed proxies',
      ['203.0.113.0/24', '198.51.100.8'],
      forwarded,
      '203.0.113.1',
      '198.51.100.7',
    ],
    ['stops at the first that is not listed', ['203.0.113.1'], forwarded, '203.0.113.1', '198.51.100.8'],
    ['believes no peer that is not listed', ['10.0.0.0/8'], forwarded, '203.0.113.1', '203.0.113.1'],
    ['reads the end of a long header', 1, `${'9'.repeat(5_000)},198.51.100.8`, '::1', '198.51.100.8'],
    ['refuses what is no address', 1, 'unknown', '203.0.113.1', undefined],
    ['refuses an octal form, which is read in two ways', 1, '0177.0.0.1', '203.0.113.1', undefined],
    ['takes ports and brackets off', 1, '[2001:db8::1]:4711', '203.0.113.1', '2001:db8::1'],
    ['takes zones off', 1, 'fe80::1%eth0', '203.0.113.1', 'fe80::1'],
    ['writes a mapped IPv4 address as IPv4', false, '', '::ffff:192.0.2.9', '192.0.2.9'],
    ['writes it so in any form', 1, '::FFFF:c000:209', '203.0.113.1', '192.0.2.9'],
    ['matches a mapped peer with a range of IPv4', ['10.0.0.0/8'], '192.0.2.9', '::ffff:a00:1', '192.0.2.9'],
    [
      'matches an IPv4 peer with a mapped range',
      ['::ffff:10.0.0.0/104'],
      '192.0.2.9',
      '10.1.2.3',
      '192.0.2.9',
    ],
  ];

  it.each(cases)('%s', (_, trust, header, peer, expected) => {
    expect(new ClientAddress(trust).of(request(peer, header))).toBe(expected);
  });

  it.each([
    ['counts an IPv4 address as itself', false, '203.0.113.1', '203.0.113.1'],
    ['counts an IPv6 address as its /64', false, '2001:db8::1:2:3:4', '2001:db8:0:0::/64'],
    ['counts a NAT64 address as the IPv4 address in it', false, '64:ff9b::cb00:7109', '203.0.113.9'],
    ['counts a 6to4 address as the IPv4 address in it', false, '2002:cb00:7109:1::1', '203.0.113.9'],
    ['leaves loopback alone, which may be a proxy', false, '127.0.0.1', undefined],
    ['leaves private networks alone', false, '10.1.2.3', undefined],
    ['leaves mapped private networks alone', false, '::ffff:10.1.2.3', undefined],
    ['counts them when it knows its proxies', 0, '127.0.0.1', '127.0.0.1'],
    ['leaves alone what is no address', false, '', undefined],
  ] as Array<[string, TrustProxy, string, string | undefined]>)('%s', (_, trust, address, expected) => {
    expect(new ClientAddress(trust).limitKey(address)).toBe(expected);
  });

  const junk = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('unknown', '', '_hidden', '1.2.3', '::', '127.0.0.1', '10.0.0.1'),
  );

  it('finds the address that the proxy wrote, whatever the client wrote before', () => {
    fc.assert(
      fc.property(
        fc.array(junk, { maxLength: 600 }),
        fc.oneof(fc.ipV4(), fc.ipV6()).filter((address) => !address.startsWith('10.')),
        fc.nat({ max: 3 }),
        (written, client, proxies) => {
          const hops = Array.from({ length: proxies }, (_, index) => `10.0.0.${index}`);
          const header = [...written, client, ...hops].join(', ');
          const asked = request('10.9.9.9', header);
          const byCount = new ClientAddress(proxies + 1);
          const byList = new ClientAddress(['10.0.0.0/8']);

          const key = networkOf(client);
          expect(networkOf(byCount.of(asked)!)).toBe(key);
          expect(networkOf(byList.of(asked)!)).toBe(key);
        },
      ),
    );
  });

  it('gives one key to all forms of an address', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(65_535), (v4, port) => {
        const forms = [v4, `${v4}:${port}`, `::ffff:${v4}`, `[::ffff:${v4}]:${port}`, ` ${v4} `];
        const keys = forms.map((form) => networkOf(new ClientAddress(1).of(request('::1', form))!));

        expect(new Set(keys)).toEqual(new Set([v4]));
      }),
    );
  });

  it('gives one key to a /64 and another to the next', () => {
    const group = fc.nat(0xffff).map((value) => value.toString(16));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), fc.nat(0xfffe), (groups, last) => {
        const written = (fourth: number, rest: readonly string[]) =>
          networkOf(`2001:db8:${groups[2]}:${fourth.toString(16)}:${rest.join(':')}`);

        expect(written(last, groups.slice(4))).toBe(written(last, groups.slice(4).toReversed()));
        expect(written(last, groups.slice(4))).not.toBe(written(last + 1, groups.slice(4)));
      }),
    );
  });
});

describe('An address', () => {
  const addresses = new ClientAddress();
  const process = jest.spyOn(ipaddr, 'process');
  /** The number of parsed addresses when a connection reads its own. */
  const readingsOf = (address: string): number => {
    process.mockClear();
    const own = addresses.of(request(address, ''))!;
    for (let times = 0; times < 3; times++) expect(addresses.limitKey(own)).toBe(networkOf(own));
    return process.mock.calls.length;
  };

  afterAll(() => process.mockRestore());

  it('is read once for all that asks for it', () => {
    expect(readingsOf('203.0.113.77')).toBe(1);
    expect(readingsOf('203.0.113.77')).toBe(0);
  });

  it('is forgotten when there were many others', () => {
    readingsOf('203.0.113.78');
    for (let n = 0; n < 2_000; n++) networkOf(`198.18.${n >> 8}.${n & 0xff}`);

    expect(readingsOf('203.0.113.78')).toBe(1);
  });
});
