import { Logger } from '@nestjs/common';
import { LogLimiter } from '@nestwire/messages/internal';
import { CloseCode } from '@nestwire/protocol';
import type { UpgradeRefusal } from '../transport/upgrade-request.js';

/** Texts of close frames whose remedy is another than that of their code. */
export const CloseText = {
  NoHello: 'the first frame must be hello',
  CredentialsLimited: 'too many credentials of this address were refused',
} as const;

const REMEDY_OF_TEXT: ReadonlyMap<string, string> = new Map([
  [CloseText.NoHello, 'connect with the client of nestwire, or speak the protocol of docs/protocol.md'],
  [
    CloseText.CredentialsLimited,
    'look why they are refused, or raise "limits.maxRefusedSignInsPerAddress" where many users share an address',
  ],
]);

/** What to do about a connection that the server closed; codes that are the normal course are absent. */
const REMEDY_OF_CODE: Readonly<Record<number, string>> = {
  [CloseCode.ProtocolError]: 'raise "limits.unfinishedMessageMs" if clients upload that slowly',
  [CloseCode.UnsupportedData]: 'let the client write frames as its subprotocol says',
  [CloseCode.TooLarge]: 'let the client wait for the answer to its upgrade before it sends',
  [CloseCode.HelloTimeout]:
    'connect with the client of nestwire, which says hello; on slow networks raise "limits.helloTimeoutMs"',
  [CloseCode.HeartbeatLost]: 'the client lost its network or was suspended, and returns by itself',
  [CloseCode.SlowConsumer]:
    'send less to it, or raise "limits.outboundHardBytes" or "limits.slowConsumerMs"; it returns by itself',
  [CloseCode.RateLimited]:
    'let the client send less, or raise "limits.framesPerSecond" or "limits.bytesPerSecond"',
  [CloseCode.BadRequest]:
    'let the client speak the protocol of docs/protocol.md; is its version another one?',
  [CloseCode.UnsupportedVersion]:
    'add the codec that the client asks for to "codecs" of StreamsModule, or update the client',
  [CloseCode.TooManyConnections]: 'close some of them, or raise "limits.maxConnectionsPerUser"',
};

const REFUSED_BY_AUTHENTICATOR =
  'the authenticator did not accept it; look at the secret, the issuer and the expiry';
const NO_AUTHENTICATOR =
  'no authenticator is there to accept it; give StreamsModule the option "authenticator"';

/** What to do about a message that ws refuses, by the codes of ws. */
const REMEDY_OF_FAULT: Readonly<Record<string, string>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'send it in parts, or raise "limits.maxPayloadBytes"',
  WS_ERR_TOO_MANY_BUFFERED_PARTS:
    'send fewer fragments, or raise "limits.maxFragments" or "limits.maxBufferedChunks"',
};
const BROKEN_PROTOCOL = 'the client, or a proxy before it, breaks the WebSocket protocol';

const MAX_PATH_LENGTH = 100;

/**
 * Writes why clients are refused and closed, with the remedy.
 *
 * Each cause is written once a minute, with the count of the others like it. No line holds a credential,
 * a query or a payload.
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

  /** An upgrade request was answered with a status instead of 101. */
  upgradeRefused({ status, message, log }: UpgradeRefusal, address?: string): void {
    // The message has no part that the client can choose.
    this.log.log(
      `upgrade ${message}`,
      `Connection${ofAddress(address)} refused with HTTP ${status}. ${log ?? message}`,
    );
  }

  /** A WebSocket request was for a path at which nothing is. */
  unclaimed(target: string): void {
    const path = target.split('?')[0]!.slice(0, MAX_PATH_LENGTH);
    this.log.log(
      'path',
      `WebSocket request for ${path} refused: streams are at ${this.path}. ` +
        'Correct the url of the client, or set "path" of StreamsModule.',
    );
  }

  /** A credential was not accepted. */
  credentialRefused(address: string): void {
    const why = this.hasAuthenticator ? REFUSED_BY_AUTHENTICATOR : NO_AUTHENTICATOR;
    this.log.log('credential', `Credential${ofAddress(address)} refused: ${why}.`);
  }

  /** The server closes a connection; what is the normal course is not written. */
  closed(code: number, text: string, address: string): void {
    const remedy = REMEDY_OF_TEXT.get(text) ?? REMEDY_OF_CODE[code];
    if (remedy === undefined) return;
    const kind = REMEDY_OF_TEXT.has(text) ? text : '';
    this.log.log(
      `close ${code} ${kind}`,
      `Connection${ofAddress(address)} closed with ${code}, ${text}: ${remedy}.`,
    );
  }

  /** A client sent what ws refuses. */
  faulty({ code, message }: { readonly code?: string; readonly message: string }, address: string): void {
    if (!code?.startsWith('WS_ERR_')) return;
    const remedy = REMEDY_OF_FAULT[code] ?? BROKEN_PROTOCOL;
    this.log.log(code, `Connection${ofAddress(address)} closed, ${message}: ${remedy}.`);
  }
}

function ofAddress(address: string | undefined): string {
  return address ? ` of ${address}` : '';
}
