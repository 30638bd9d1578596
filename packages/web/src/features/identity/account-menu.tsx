/** Who is signed in here, the theme, and the ways in and out. */
import { Check, CircleUserRound, LogIn, LogOut, UserPlus } from "lucide-react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { chooseTheme, type ThemeChoice } from "../../app/theme-store.ts";
import { MenuButton, MenuItem } from "../../design/menu.tsx";
import { showToast } from "../../design/toasts.ts";
import { initialsOf, personColor } from "../presence/person-color.ts";

const THEMES: readonly { readonly choice: ThemeChoice; readonly label: string }[] = [
  { choice: "system", label: "Same as system" },
  { choice: "light", label: "Light" },
  { choice: "dark", label: "Dark" },
];

const ThemeItems = () => {
  const { theme } = useApp();
  const choice = useStore(theme, (state) => state.choice);
  return THEMES.map((item) => (
    <button
      key={item.choice}
      type="button"
      role="menuitemradio"
      aria-checked={choice === item.choice}
      tabIndex={-1}
      className="menu-item"
      onClick={() => chooseTheme(theme, item.choice)}
    >
      <Check size={15} style={{ visibility: choice === item.choice ? "visible" : "hidden" }} aria-hidden />
      <span className="menu-item-label">{item.label}</span>
    </button>
  ));
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
              <span>{isRegistered ? user.email : "Guest: an account keeps your projects for you"}</span>
            </div>
          )}
          {user && <div className="menu-rule" />}
          {!isRegistered && app.boot.registration === "open" && (
            <MenuItem icon={<UserPlus size={15} />} label="Create an account" onChoose={() => open("register")} />
          )}
          {!isRegistered && <MenuItem icon={<LogIn size={15} />} label="Log in" onChoose={() => open("log-in")} />}
          {isRegistered && <MenuItem icon={<LogOut size={15} />} label="Log out" onChoose={logOut} />}
          <div className="menu-rule" />
          <div className="menu-heading">Theme</div>
          <ThemeItems />
        </>
      )}
    </MenuButton>
  );
};
