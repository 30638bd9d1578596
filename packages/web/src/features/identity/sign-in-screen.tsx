/** The page for visitors without a sign-in when guests are off. Loaded when it is shown. */
import { useLayoutEffect, useRef } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { ACCOUNT_TITLES, AccountForm, type AccountFormKind, switchForm, whichOf } from "./account-form.tsx";
import "../../design/dialog.css";
import "./sign-in-screen.css";

/** The administrator's link opens its own form here; otherwise the user logs in, or registers. */
const useForm = (reason: string): AccountFormKind => {
  const open = useStore(useApp().dialogs);
  if (open.kind === "admin") return open;
  if (open.kind !== "account") return { kind: "account", form: "log-in", reason };
  return open.invitation === undefined ? { ...open, reason } : open;
};

export const SignInScreen = ({ reason }: { readonly reason: string }) => {
  const { dialogs } = useApp();
  const form = useForm(reason);
  const which = whichOf(form);
  const screen = useRef<HTMLElement>(null);
  // Elements behind this screen can't get the focus; the first field has it.
  useLayoutEffect(() => {
    const shell = document.getElementById("shell");
    if (shell) shell.inert = true;
    return () => {
      if (shell) shell.inert = false;
    };
  }, []);
  useLayoutEffect(() => screen.current?.querySelector("input")?.focus(), [which]);
  return (
    <main ref={screen} className="door" aria-labelledby="door-title">
      <div className="door-card">
        <span className="wordmark">
          <span className="wordmark-sign" aria-hidden />
          <span>Atelier</span>
        </span>
        <h1 id="door-title">{ACCOUNT_TITLES[which]}</h1>
        <AccountForm
          key={which}
          form={form}
          onSwitch={(to) => dialogs.setState(switchForm(form, to), true)}
          onDone={() => location.reload()}
        />
      </div>
    </main>
  );
};
