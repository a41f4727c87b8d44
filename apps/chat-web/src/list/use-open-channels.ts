import type { ChatChannel } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useEffect, useState } from 'react';

/** The open channels that are loaded so far. */
export interface OpenChannels {
  readonly channels: readonly ChatChannel[];
  readonly isPending: boolean;
  readonly hasMore: boolean;
  /** The text of the last error; empty for none. */
  readonly problem: string;
  loadMore(this: void): void;
  report(this: void, error: unknown): void;
}

/** Loads the channels that everybody may join, page by page. */
export function useOpenChannels(): OpenChannels {
  const chat = useChat();
  const [channels, setChannels] = useState<readonly ChatChannel[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [isPending, setPending] = useState(true);
  const [problem, setProblem] = useState('');
  const report = (error: unknown) => setProblem((error as Error).message);

  async function load(after: string | null): Promise<void> {
    setPending(true);
    setProblem('');
    try {
      const page = await chat.openChannels(after === null ? {} : { cursor: after });
      setChannels((former) => (after === null ? page.channels : [...former, ...page.channels]));
      setCursor(page.next);
    } catch (error) {
      report(error);
    }
    setPending(false);
  }

  useEffect(() => void load(null), [chat]);
  return {
    channels,
    isPending,
    hasMore: cursor !== null,
    problem,
    loadMore: () => void load(cursor),
    report,
  };
}
