import { BlocksProvider } from './session/blocks-provider.js';
import { ChatSession } from './session/chat-session.js';
import { dropRecent } from './session/session.js';
import { SignIn } from './session/sign-in.js';
import { useSession } from './session/use-session.js';
import { ChatShell } from './shell/chat-shell.js';
import { NoticesProvider } from './shell/notices.js';

/** The whole page: the sign-in, then the chat. */
export function App() {
  const { session, refusal, signIn, signOut } = useSession();
  if (!session) return <SignIn refusal={refusal} onSignIn={signIn} />;
  const leave = (reason?: string) => {
    dropRecent(session.user.id);
    signOut(reason);
  };
  return (
    <NoticesProvider>
      <ChatSession key={session.user.id} session={session} onRefused={leave} onSignOut={() => leave()}>
        <BlocksProvider>
          <ChatShell />
        </BlocksProvider>
      </ChatSession>
    </NoticesProvider>
  );
}
