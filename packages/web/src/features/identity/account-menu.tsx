/** The account menu: who is signed in, the theme, logging in and out. */
import { Check, CircleUserRound, Command, LogIn, LogOut, Settings, UserPlus } from "lucide-react";
import type { ReactNode } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { keyWords } from "../../app/commands/key-binding.ts";
import { changeSetting } from "../../app/settings/settings-store.ts";
import type { ThemeChoice } from "../../app/theme-store.ts";
import { MenuButton, MenuItem } from "../../design/menu.tsx";
import { showToast } from "../../design/toasts.ts";
import { initialsOf, personColor } from "../presence/person-color.ts";

const THEMES: readonly { readonly choice: ThemeChoice; readonly label: string }[] = [
  { choice: "system", label: "Same as system" },
  { choice: "light", label: "Light" },
  { choice: "dark", label: "Dark" },
];

const ThemeItems = () => {
  const { settings } = useApp();
  const choice = useStore(settings, ({ values }) => values.theme);
  return THEMES.map((item) => (
    <button
      key={item.choice}
      type="button"
      role="menuitemradio"
      aria-checked={choice === item.choice}
      tabIndex={-1}
      className="menu-item"
      onClick={() => changeSetting(settings, "theme", item.choice)}
    >
      <Check size={15} style={{ visibility: choice === item.choice ? "visible" : "hidden" }} aria-hidden />
      <span className="menu-item-label">{item.label}</span>
    </button>
  ));
};

/** A command of the page, with its key. */
const CommandItem = ({
  id,
  icon,
  label,
}: {
  readonly id: string;
  readonly icon: ReactNode;
  readonly label: string;
}) => {
  const { commands } = useApp();
  const [keys] = commands.get(id)?.keys ?? [];
  return (
    <MenuItem
      icon={icon}
      label={label}
      hint={keys === undefined ? undefined : keyWords(keys)}
      // The menu returns the focus to its button first.
      onChoose={() => setTimeout(() => commands.run(id))}
    />
  );
};

export const AccountMenu = () => {
  const app = useApp();
  const session = useStore(app.session.store);
  const user = session.kind === "signed-in" ? session.user : undefined;
  const isRegistered = user?.kind === "registered";
  const open = (form: "log-in" | "register") => app.dialogs.setState({ kind: "account", form }, true);
  const logOut = (): void => {
    app.session.logOut().then(
      () => location.assign(`${app.boot.basePath}/`),
      (error: unknown) => showToast({ text: `You are still signed in. ${errorText(error)}`, tone: "bad" }),
    );
  };
  const icon = user ? (
    <span className="initials" data-initials={initialsOf(user.name)} aria-hidden />
  ) : (
    <CircleUserRound size={19} strokeWidth={1.75} />
  );
  return (
    <MenuButton
      label={user ? `Account: ${user.name}` : "Account"}
      className={user ? "account-button" : "icon-button"}
      {...(user ? { style: { color: personColor(user.id) } } : {})}
      icon={icon}
      align="end"
    >
      {() => (
        <>
          {user && (
            <div className="account-card">
              <b>{user.name}</b>
              <span>{isRegistered ? user.email : "Guest: create an account to keep your projects"}</span>
            </div>
          )}
          {user && <div className="menu-rule" />}
          {!isRegistered && app.boot.registration === "open" && (
            <MenuItem icon={<UserPlus size={15} />} label="Create an account" onChoose={() => open("register")} />
          )}
          {!isRegistered && <MenuItem icon={<LogIn size={15} />} label="Log in" onChoose={() => open("log-in")} />}
          {isRegistered && <MenuItem icon={<LogOut size={15} />} label="Log out" onChoose={logOut} />}
          <div className="menu-rule" />
          <CommandItem id="view.settings" icon={<Settings size={15} />} label="Settings" />
          <CommandItem id="palette.commands" icon={<Command size={15} />} label="All commands" />
          <div className="menu-rule" />
          <div className="menu-heading">Theme</div>
          <ThemeItems />
        </>
      )}
    </MenuButton>
  );
};
