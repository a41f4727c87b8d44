import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { MessagesModuleOptions } from './messages.options.js';

/** The base class and the tokens of `MessagesModule`. */
export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: MESSAGES_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<MessagesModuleOptions>({ moduleName: 'Messages' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createMessagesOptions')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();
