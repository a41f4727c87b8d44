import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { uploadAt } from '../attachments/attachment-rows.js';
import { ChatFiles } from '../attachments/chat-files.js';
import { isShown, UNKNOWN_TYPE } from '../attachments/content-type.js';
import { previewKey } from '../attachments/file-inspection.js';
import type { NamedFile } from '../attachments/file-urls.js';
import { ChatDatabase } from '../database/chat-database.js';
import { byteRangeOf } from './byte-range.js';

/** The headers of each answer, so that a browser neither guesses a type nor runs a file. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Referrer-Policy': 'no-referrer',
} as const;
/** The tenant and the id, and the name of a preview. */
const FILE = /\/([A-Za-z0-9_.-]{1,64})\/([A-Za-z0-9_-]{22})(\/preview)?$/;

/** A request of Express, which is one of Node, or of Fastify, which has one. */
type AnyRequest = (IncomingMessage & { readonly originalUrl?: string }) | { readonly raw: IncomingMessage };
/** A response of Express, or a reply of Fastify. */
type AnyResponse = ServerResponse | { readonly raw: ServerResponse; hijack(): void };

/** A file that a request may have. */
interface ServedFile {
  readonly key: string;
  /** The name to save it under. */
  readonly name: string;
  readonly contentType: string;
  /** The size in bytes; undefined for a preview, which is sent as a whole. */
  readonly size: number | undefined;
  readonly maxAgeS: number;
}

/** Serves files at their signed addresses, over the HTTP server of the application. */
@Injectable()
export class ChatFileRoute implements OnModuleInit {
  private readonly logger = new Logger('Chat');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly files: ChatFiles,
    private readonly database: ChatDatabase,
  ) {}

  /** Adds the route; an application without HTTP has none. Nest calls it. */
  onModuleInit(): void {
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (!adapter) return;
    const answer = (request: AnyRequest, response: AnyResponse) => void this.answer(request, response);
    for (const end of ['', '/preview']) adapter.get(`${this.files.settings.path}/:tenant/:id${end}`, answer);
  }

  private async answer(request: AnyRequest, response: AnyResponse): Promise<void> {
    if ('hijack' in response) response.hijack();
    const [req, res] = [
      'raw' in request ? request.raw : request,
      'raw' in response ? response.raw : response,
    ];
    const url = ('originalUrl' in request && request.originalUrl) || req.url || '';
    try {
      await this.serve(url, req, res);
    } catch (error) {
      if (req.destroyed || res.destroyed) return;
      this.logger.error(`A file could not be served: ${String(error)}`);
      if (res.headersSent) res.destroy();
      else refuse(res, 503);
    }
  }

  private async serve(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(target, 'http://files');
    const [, tenant, id, preview] = FILE.exec(pathname) ?? [];
    if (tenant === undefined || id === undefined) return refuse(response, 404);
    const named = { tenant, id, isPreview: preview !== undefined };
    const expiry = this.files.urls.expiryOf(named, searchParams);
    if (expiry === undefined) return refuse(response, 403);
    const file = await this.find(named, Math.floor((expiry - Date.now()) / 1_000));
    if (!file) return refuse(response, 404);
    if (request.headers['if-none-match'] === tagOf(file)) {
      response.writeHead(304, { ...HEADERS, ETag: tagOf(file) }).end();
      return;
    }
    await this.send(file, request, response);
  }

  /** Finds a complete file; one of a deleted message is no longer served. */
  private async find({ tenant, id, isPreview }: NamedFile, maxAgeS: number): Promise<ServedFile | undefined> {
    const row = await this.database.read((queries) => uploadAt(queries, { tenant, id }));
    if (!row || row.completed_at === null || row.orphaned_at !== null) return undefined;
    const { name, content_type, byte_size, preview_type } = row;
    if (isPreview)
      return preview_type === null
        ? undefined
        : { key: previewKey(id), name, contentType: preview_type, size: undefined, maxAgeS };
    return { key: id, name, contentType: content_type ?? UNKNOWN_TYPE, size: byte_size, maxAgeS };
  }

  private async send(file: ServedFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { key, size } = file;
    const range = size === undefined ? undefined : byteRangeOf(request.headers.range, size);
    if (range === null) {
      response.writeHead(416, { ...HEADERS, 'Content-Range': `bytes */${size}` }).end();
      return;
    }
    const length = range ? range.end - range.start + 1 : size;
    response.writeHead(range ? 206 : 200, {
      ...HEADERS,
      ...headersOf(file),
      ...(length !== undefined && { 'Content-Length': length, 'Accept-Ranges': 'bytes' }),
      ...(range && { 'Content-Range': `bytes ${range.start}-${range.end}/${size}` }),
    });
    if (request.method === 'HEAD') response.end();
    else await pipeline(Readable.from(this.files.storage.read(key, range), { objectMode: false }), response);
  }
}

function headersOf(file: ServedFile): Record<string, string> {
  const { contentType, name, maxAgeS } = file;
  const disposition = isShown(contentType) ? 'inline' : 'attachment';
  return {
    'Content-Type': contentType === 'text/plain' ? 'text/plain; charset=utf-8' : contentType,
    'Content-Disposition': `${disposition}; filename*=UTF-8''${encoded(name)}`,
    'Cache-Control': `private, max-age=${maxAgeS}, immutable`,
    ETag: tagOf(file),
  };
}

/** Encodes a name for a header (RFC 8187): also the characters that `encodeURIComponent` leaves. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function tagOf({ key }: ServedFile): string {
  return `"${key}"`;
}

function refuse(response: ServerResponse, status: 403 | 404 | 503): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end();
}
