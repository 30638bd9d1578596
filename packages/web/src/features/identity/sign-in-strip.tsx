/** The strip below the bar when the user who opened the page is no longer signed in: signed out, or another account in another tab. */
import { LogIn, UserRoundX } from "lucide-react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";

export const SignInStrip = () => {
  const { dialogs, signInNotice } = useApp();
  const notice = useStore(signInNotice);
  if (notice.kind === "none") return null;
  if (notice.kind === "somebody-else") {
    return (
      <output className="notice">
        <UserRoundX size={15} aria-hidden />
        <span>This browser is signed in as {notice.name} now.</span>
        <button className="link-button" onClick={() => location.reload()}>
          Reload to go on
        </button>
      </output>
    );
  }
  return (
    <output className="notice">
      <LogIn size={15} aria-hidden />
      <span>You are signed out. What you type stays on this device until you log in.</span>
      <button className="link-button" onClick={() => dialogs.setState({ kind: "account", form: "log-in" }, true)}>
        Log in
      </button>
    </output>
  );
};
