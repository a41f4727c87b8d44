// A real model in place of the fake one of docs/stream-tokens.md.
import { Injectable } from '@nestjs/common';
import { LanguageModel } from './fake-model.js';

// #region sdk
/** The part of an SDK that an answer needs. Most SDKs return an AsyncIterable of events. */
export abstract class VendorSdk {
  abstract stream(
    request: { prompt: string },
    options: { signal: AbortSignal },
  ): Promise<AsyncIterable<{ delta?: string }>>;
}

@Injectable()
export class VendorModel extends LanguageModel {
  constructor(private readonly sdk: VendorSdk) {
    super();
  }

  async *generate(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
    for await (const { delta } of await this.sdk.stream({ prompt }, { signal })) if (delta) yield delta;
  }
}
// #endregion sdk

// #region http
/** Reads the answer of an HTTP server that sends one JSON text in each line, as several local models do. */
@Injectable()
export class HttpModel extends LanguageModel {
  async *generate(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await fetch(process.env.MODEL_URL!, {
      method: 'POST',
      body: JSON.stringify({ prompt, stream: true }),
      signal,
    });
    if (!response.ok || !response.body) throw new Error(`The model answered ${response.status}.`);
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield (JSON.parse(line) as { response: string }).response;
    }
  }
}
// #endregion http
