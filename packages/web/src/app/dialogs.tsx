/** Draws the open dialog; each one's code is loaded when it is first opened. */
import { lazy, Suspense } from "react";
import { useStore } from "zustand";
import { useApp } from "./services.ts";

const ShareDialog = lazy(async () => ({ default: (await import("../features/share/share-dialog.tsx")).ShareDialog }));
const AccountDialog = lazy(async () => ({
  default: (await import("../features/identity/account-dialog.tsx")).AccountDialog,
}));

export const Dialogs = () => {
  const { dialogs } = useApp();
  const open = useStore(dialogs);
  const close = (): void => dialogs.setState({ kind: "none" }, true);
  return (
    <Suspense fallback={null}>
      {open.kind === "share" && <ShareDialog onClose={close} />}
      {(open.kind === "account" || open.kind === "admin") && <AccountDialog form={open} onClose={close} />}
    </Suspense>
  );
};
