/** Draws the open dialog, and the sign-in in front of a closed door; each one's code is loaded when it is first opened. */
import { lazy, Suspense } from "react";
import { useStore } from "zustand";
import { useApp } from "./services.ts";

const ShareDialog = lazy(async () => ({ default: (await import("../features/share/share-dialog.tsx")).ShareDialog }));
const AccountDialog = lazy(async () => ({
  default: (await import("../features/identity/account-dialog.tsx")).AccountDialog,
}));

const SignInScreen = lazy(async () => ({
  default: (await import("../features/identity/sign-in-screen.tsx")).SignInScreen,
}));

export const Dialogs = () => {
  const { dialogs, projects } = useApp();
  const asked = useStore(projects, ({ state }) => (state.kind === "sign-in" ? state.reason : undefined));
  const open = useStore(dialogs);
  const close = (): void => dialogs.setState({ kind: "none" }, true);
  return (
    <Suspense fallback={null}>
      {asked !== undefined && <SignInScreen reason={asked} />}
      {open.kind === "share" && <ShareDialog onClose={close} />}
      {asked === undefined && (open.kind === "account" || open.kind === "admin") && (
        <AccountDialog form={open} onClose={close} />
      )}
    </Suspense>
  );
};
