/** The panel beside the room. */
export type Panel =
  | { readonly kind: 'thread'; readonly seq: number }
  | { readonly kind: 'members' }
  | { readonly kind: 'pinned' }
  | { readonly kind: 'search'; readonly text: string };

/** The place that the page shows; the address has it, so that a reload keeps it. */
export interface Route {
  readonly channelId: string | null;
  readonly panel: Panel | null;
  /** The message to show first. */
  readonly seq: number | null;
}

/** Reads a route from the part of the address after `#`. Unknown parts are left out. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  const [, area, channelId] = path.split('/');
  const params = new URLSearchParams(query);
  return {
    channelId: area === 'channel' && channelId ? decodeURIComponent(channelId) : null,
    panel: panelOf(params),
    seq: numberOf(params.get('message')),
  };
}

/** Returns the part of the address after `#`. */
export function formatRoute({ channelId, panel, seq }: Route): string {
  const params = new URLSearchParams();
  if (seq !== null) params.set('message', String(seq));
  if (panel) params.set('panel', panel.kind);
  if (panel?.kind === 'thread') params.set('thread', String(panel.seq));
  if (panel?.kind === 'search') params.set('text', panel.text);
  const query = params.size > 0 ? `?${params}` : '';
  return channelId === null ? `#/${query}` : `#/channel/${encodeURIComponent(channelId)}${query}`;
}

function panelOf(params: URLSearchParams): Panel | null {
  const seq = numberOf(params.get('thread'));
  switch (params.get('panel')) {
    case 'thread':
      return seq === null ? null : { kind: 'thread', seq };
    case 'members':
      return { kind: 'members' };
    case 'pinned':
      return { kind: 'pinned' };
    case 'search':
      return { kind: 'search', text: params.get('text') ?? '' };
    default:
      return null;
  }
}

function numberOf(text: string | null): number | null {
  const value = Number(text);
  return text !== null && Number.isSafeInteger(value) && value > 0 ? value : null;
}
