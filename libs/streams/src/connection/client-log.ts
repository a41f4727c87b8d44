import { Logger } from '@nestjs/common';
import { LogLimiter } from '@nestwire/messages/internal';
import { CloseCode } from '@nestwire/protocol';
import type { UpgradeRefusal } from '../transport/upgrade-request.js';

/** Texts of close frames whose remedy differs from that of their code. */
export const CloseText = {
  NoHello: 'the first frame must be hello',
  CredentialsLimited: 'too many credentials of this address were refused',
} as const;

const REMEDY_OF_TEXT: ReadonlyMap<string, string> = new Map([
  [CloseText.NoHello, 'connect with the client of nestwire, or speak the protocol of docs/protocol.md'],
  [
    CloseText.CredentialsLimited,
    'find out why they are refused, or raise "limits.maxRefusedSignInsPerAddress" where many users share an address',
  ],
]);

/** The remedies by close code; codes without one are normal. */
const REMEDY_OF_CODE: Readonly<Record<number, string>> = {
  [CloseCode.ProtocolError]: 'raise "limits.unfinishedMessageMs" if clients upload that slowly',
  [CloseCode.UnsupportedData]: 'the client must send the form of frames that its subprotocol prescribes',
  [CloseCode.TooLarge]: 'the client must wait for the answer to its upgrade before it sends',
  [CloseCode.HelloTimeout]:
    'connect with the client of nestwire, which says hello; on slow networks raise "limits.helloTimeoutMs"',
  [CloseCode.HeartbeatLost]: 'the client lost its network or was suspended, and reconnects by itself',
  [CloseCode.SlowConsumer]:
    'send less to it, or raise "limits.outboundHardBytes" or "limits.slowConsumerMs"; it reconnects by itself',
  [CloseCode.RateLimited]:
    'send less from the client, or raise "limits.framesPerSecond" or "limits.bytesPerSecond"',
  [CloseCode.BadRequest]: 'the client violates docs/protocol.md; check its version',
  [CloseCode.UnsupportedVersion]:
    'add the codec that the client asks for to "codecs" of StreamsModule, or update the client',
  [CloseCode.TooManyConnections]: 'close some of them, or raise "limits.maxConnectionsPerUser"',
};

const REFUSED_BY_AUTHENTICATOR =
  'the authenticator did not accept it; check the secret, the issuer and the expiry';
const NO_AUTHENTICATOR = 'there is no authenticator; set the option "authenticator" of StreamsModule';

/** The remedies of a message that ws refuses, by the codes of ws. */
const REMEDY_OF_FAULT: Readonly<Record<string, string>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'send it in parts, or raise "limits.maxPayloadBytes"',
  WS_ERR_TOO_MANY_BUFFERED_PARTS:
    'send fewer fragments, or raise "limits.maxFragments" or "limits.maxBufferedChunks"',
};
const BROKEN_PROTOCOL = 'the client, or a proxy in front of the server, violates the WebSocket protocol';

const MAX_PATH_LENGTH = 100;

/**
 * Logs the causes of refused and closed connections, with their remedies.
 *
 * Each cause is logged once per minute, with the number of repetitions. No line contains a credential, a
 * query or a payload.
 */
export class ClientLog {
  private readonly log: LogLimiter;

  constructor(
    private readonly path: string,
    private readonly hasAuthenticator: boolean,
    log = new LogLimiter((line) => new Logger('Streams').warn(line)),
  ) {
    this.log = log;
  }

  /** Logs an upgrade request that was refused in HTTP. */
  upgradeRefused({ status, message, log }: UpgradeRefusal, address?: string): void {
    // The message is a safe key, because a client cannot choose any part of it.
    this.log.log(
      `upgrade ${message}`,
      `Connection${ofAddress(address)} refused with HTTP ${status}. ${log ?? message}`,
    );
  }

  /** Logs a WebSocket request for an unknown path. */
  unclaimed(target: string): void {
    const [path = ''] = target.split('?', 1);
    this.log.log(
      'path',
      `WebSocket request for ${path.slice(0, MAX_PATH_LENGTH)} refused: streams are at ${this.path}. ` +
        'Correct the url of the client, or set "path" of StreamsModule.',
    );
  }

  /** Logs a refused credential. */
  credentialRefused(address: string): void {
    const why = this.hasAuthenticator ? REFUSED_BY_AUTHENTICATOR : NO_AUTHENTICATOR;
    this.log.log('credential', `Credential${ofAddress(address)} refused: ${why}.`);
  }

  /** Logs a connection that the server closes; normal closes are not logged. */
  closed(code: number, text: string, address: string): void {
    const remedy = REMEDY_OF_TEXT.get(text) ?? REMEDY_OF_CODE[code];
    if (remedy === undefined) return;
    const kind = REMEDY_OF_TEXT.has(text) ? text : '';
    this.log.log(
      `close ${code} ${kind}`,
      `Connection${ofAddress(address)} closed with ${code}, ${text}: ${remedy}.`,
    );
  }

  /** Logs a message that ws refused. */
  faulty({ code, message }: { readonly code?: string; readonly message: string }, address: string): void {
    if (!code?.startsWith('WS_ERR_')) return;
    const remedy = REMEDY_OF_FAULT[code] ?? BROKEN_PROTOCOL;
    this.log.log(code, `Connection${ofAddress(address)} closed, ${message}: ${remedy}.`);
  }
}

function ofAddress(address: string | undefined): string {
  return address ? ` of ${address}` : '';
}
