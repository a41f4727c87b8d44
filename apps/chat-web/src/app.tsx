import { useSignIn } from './hooks/use-sign-in.js';
import { ChatPage } from './page/chat-page.js';
import { SignIn } from './page/sign-in.js';

/** The whole page: the sign-in, then the chat. */
export function App() {
  const { signedIn, signIn, signOut } = useSignIn();
  if (!signedIn) return <SignIn onPick={signIn} />;
  return <ChatPage key={signedIn.name} {...signedIn} onLeave={signOut} />;
}
