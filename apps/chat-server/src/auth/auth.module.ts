import { Module, type DynamicModule } from '@nestjs/common';
import { DemoTokens } from './demo-tokens.js';
import { tokenSecret } from './token-secret.js';

/** Provides the tokens of one folder. */
@Module({})
export class AuthModule {
  static forFolder(folder: string): DynamicModule {
    const tokens = { provide: DemoTokens, useFactory: () => new DemoTokens(tokenSecret(folder)) };
    return { module: AuthModule, providers: [tokens], exports: [DemoTokens] };
  }
}
