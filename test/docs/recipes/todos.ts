// A recipe of docs/recipes.md; run by recipes.spec.ts.
import type { StreamClient } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { IsString, IsUUID, Length } from 'class-validator';

@StreamMessage('todos.add')
export class AddTodo {
  declare readonly $type: 'todos.add';
  @IsUUID() id!: string;
  @IsString() @Length(1, 200) text!: string;
}

@StreamMessage('todos.added')
export class TodoAdded {
  declare readonly $type: 'todos.added';
  @IsUUID() id!: string;
  @IsString() text!: string;
}

export const todos = defineChannel('todos', {
  messages: [TodoAdded],
  history: { messages: 500, ageMs: 86_400_000 },
});

// #region server
@StreamEndpoint('todos')
export class TodosEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<TodoAdded | StreamGap>): Promise<void> {
    await session.subscribe(todos);
  }

  @OnStreamMessage(AddTodo)
  async add(_session: StreamSession<TodoAdded | StreamGap>, { id, text }: AddTodo): Promise<void> {
    await this.messages.postMessage(todos, create(TodoAdded, { id, text }), { id });
  }
}
// #endregion server

export type TodoStreams = StreamsOf<{ todos: TodosEndpoint }>;
type Client = StreamClient<TodoStreams>;

// #region page
export interface Todo {
  readonly text: string;
  readonly state: 'sending' | 'saved' | 'failed' | 'uncertain';
}

export class TodoList {
  readonly items = new Map<string, Todo>();

  constructor(private readonly client: Client) {}

  async add(text: string): Promise<void> {
    const message = create(AddTodo, { id: crypto.randomUUID(), text });
    this.items.set(message.id, { text, state: 'sending' }); // shown at once
    const state = await this.client.todos.sendStreamMessage(message).then(
      () => 'saved' as const,
      ({ code }: { code?: string }) => (code === 'UNCERTAIN' ? 'uncertain' : 'failed'),
    );
    if (this.items.get(message.id)?.state === 'sending') this.items.set(message.id, { text, state });
  }

  async read(reload: () => Promise<void>): Promise<void> {
    for await (const message of this.client.todos.stream)
      if (message instanceof StreamGap) await reload();
      else this.items.set(message.id, { text: message.text, state: 'saved' }); // also an uncertain one
  }
}
// #endregion page
