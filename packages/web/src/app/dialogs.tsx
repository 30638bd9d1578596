/** Renders the open dialog, and the sign-in dialog where signing in is required; the code of each is loaded when it is first opened. */
import { useStore } from "zustand";
import { createLatePart } from "./late-part.tsx";
import { Palette } from "./palette/palette.tsx";
import { useApp } from "./services.ts";

const ShareDialog = createLatePart(async () => (await import("../features/share/share-dialog.tsx")).ShareDialog);
const AccountDialog = createLatePart(
  async () => (await import("../features/identity/account-dialog.tsx")).AccountDialog,
);
const SettingsDialog = createLatePart(async () => (await import("./settings/settings-dialog.tsx")).SettingsDialog);
const RunOptionsDialog = createLatePart(
  async () => (await import("../features/execution/run-options-dialog.tsx")).RunOptionsDialog,
);
const SignInScreen = createLatePart(async () => (await import("../features/identity/sign-in-screen.tsx")).SignInScreen);

export const Dialogs = () => {
  const { dialogs, projects } = useApp();
  const asked = useStore(projects, ({ state }) => (state.kind === "sign-in" ? state.reason : undefined));
  const open = useStore(dialogs);
  const close = (): void => dialogs.setState({ kind: "none" }, true);
  return (
    <>
      {asked !== undefined && <SignInScreen with={{ reason: asked }} onClose={() => location.reload()} />}
      {open.kind === "palette" && <Palette key={open.mode} mode={open.mode} onClose={close} />}
      {open.kind === "settings" && <SettingsDialog with={{ onClose: close }} onClose={close} />}
      {open.kind === "run-options" && <RunOptionsDialog with={{ onClose: close }} onClose={close} />}
      {open.kind === "share" && <ShareDialog with={{ onClose: close }} onClose={close} />}
      {asked === undefined && (open.kind === "account" || open.kind === "admin") && (
        <AccountDialog with={{ form: open, onClose: close }} onClose={close} />
      )}
    </>
  );
};
