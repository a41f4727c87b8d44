import { useRef, useState } from 'react';
import { useChat } from '../hooks/use-chat.js';
import { useConnectionStatus } from '../hooks/use-connection-status.js';
import type { SignedIn } from '../hooks/use-sign-in.js';
import type { ConversationId } from '../chat/conversation.js';
import { AnnouncementBanner } from './announcement-banner.js';
import { ConversationView } from './conversation-view.js';
import { Sidebar } from './sidebar.js';
import './chat-page.css';

/** The chat of a signed-in user. */
export function ChatPage({ name, client, onLeave }: SignedIn & { onLeave(): void }) {
  const status = useConnectionStatus(client);
  const [state, actions] = useChat(client, name);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const menuButton = useRef<HTMLButtonElement>(null);

  function closeMenu() {
    if (!isMenuOpen) return;
    setMenuOpen(false);
    // The button can only be focused once the page behind the list is active again.
    requestAnimationFrame(() => menuButton.current?.focus());
  }

  async function show(conversation: ConversationId) {
    await actions.show(conversation);
    closeMenu();
  }

  return (
    <div className="chat-page" data-menu={isMenuOpen || undefined}>
      <Sidebar
        state={state}
        status={status}
        isOpen={isMenuOpen}
        onClose={closeMenu}
        onShow={show}
        onLeave={onLeave}
      />
      <button className="scrim" aria-label="Close the list" tabIndex={-1} onClick={closeMenu} />
      <main inert={isMenuOpen}>
        {state.announcement && (
          <AnnouncementBanner announcement={state.announcement} onDismiss={actions.dismissAnnouncement} />
        )}
        <ConversationView
          state={state}
          status={status}
          actions={actions}
          menuButton={menuButton}
          onMenu={() => setMenuOpen(true)}
          onRetry={() => void client.connectWebSocket().catch(() => undefined)}
        />
      </main>
    </div>
  );
}
