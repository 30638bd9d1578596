/** The forms for logging in, creating an account, and the administrator's account: in a dialog or on a page of its own. */
import { routes, type SignedIn } from "@atelier/contracts";
import { type FormEvent, useId, useLayoutEffect, useRef, useState } from "react";
import type { OpenDialog } from "../../app/dialog-store.ts";
import { type App, useApp } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import {
  type AccountForm as Form,
  type Answers,
  type FieldName,
  faultsOf,
  LEAST_PASSWORD,
  problemFaults,
  problemText,
} from "./account-faults.ts";
import { bringGuestProjects, ownsGuestProject } from "./bring-guest-projects.ts";

export type AccountFormKind = Extract<OpenDialog, { kind: "account" | "admin" }>;

export const whichOf = (form: AccountFormKind): Form => (form.kind === "admin" ? "admin" : form.form);

/** Switches to the other form; an invitation is kept for the way back. */
export const switchForm = (form: AccountFormKind, to: "log-in" | "register"): AccountFormKind => ({
  kind: "account",
  form: to,
  ...(form.kind === "account" && form.invitation !== undefined ? { invitation: form.invitation } : {}),
});

export const ACCOUNT_TITLES: Readonly<Record<Form, string>> = {
  "log-in": "Log in",
  register: "Create an account",
  admin: "Set up the administrator",
};
const SUBMITS: Readonly<Record<Form, string>> = {
  "log-in": "Log in",
  register: "Create account",
  admin: "Create administrator",
};

const send = (app: App, form: AccountFormKind, answers: Answers): Promise<SignedIn> => {
  const { email, password } = answers;
  if (form.kind === "admin") return app.call(routes.adminSignIn, { body: { token: form.token, ...answers } });
  if (form.form === "register") {
    const { invitation } = form;
    return app.call(routes.register, { body: { ...answers, ...(invitation === undefined ? {} : { invitation }) } });
  }
  return app.call(routes.login, { body: { email, password } });
};

type FieldProps = {
  readonly name: FieldName;
  readonly label: string;
  readonly type: "text" | "email" | "password";
  readonly autoComplete: string;
  readonly fault: string | undefined;
  readonly hint?: string | undefined;
};

const Field = ({ name, label, type, autoComplete, fault, hint }: FieldProps) => {
  const id = useId();
  const below = fault ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        name={name}
        type={type}
        autoComplete={autoComplete}
        aria-invalid={fault !== undefined}
        aria-describedby={below === undefined ? undefined : `${id}-below`}
      />
      {below !== undefined && (
        <span id={`${id}-below`} className={fault === undefined ? "field-hint" : "field-error"}>
          {below}
        </span>
      )}
    </div>
  );
};

/** After a change of the account the page is reloaded, because another account may see other projects; the same user stays in place. */
const finish = async (app: App, answer: SignedIn, close: () => void): Promise<void> => {
  const before = app.session.user();
  const { state } = app.projects.getState();
  const isSame = before?.id === answer.user.id;
  if (before?.kind === "guest" && !isSame) await bringGuestProjects(app, answer.user.id);
  await app.session.accept(answer);
  if (!isSame && state.kind !== "sample") {
    location.reload();
    return;
  }
  close();
  showToast({
    text: isSame
      ? `Welcome, ${answer.user.name}. Your work is in your account now.`
      : `Signed in as ${answer.user.name}`,
  });
};

/** The text before the fields of the form. */
const Note = ({ form }: { readonly form: AccountFormKind }) => {
  const app = useApp();
  if (form.kind === "admin")
    return <p className="dialog-note">This link works once. It creates the administrator's account of this server.</p>;
  const isGuest = app.session.user()?.kind === "guest";
  const text =
    form.form === "register"
      ? isGuest
        ? "You keep the projects that you created as a guest."
        : undefined
      : ownsGuestProject(app)
        ? "Your account gets the projects that you created as a guest."
        : undefined;
  return (
    <>
      {form.reason !== undefined && <p className="dialog-note">{form.reason}</p>}
      {text !== undefined && <p className="dialog-note">{text}</p>}
    </>
  );
};

export type AccountFormProps = {
  readonly form: AccountFormKind;
  /** The user chose the other form: logging in instead of registering, or the other way round. */
  readonly onSwitch: (to: "log-in" | "register") => void;
  /** Called after signing in when the page is not reloaded. */
  readonly onDone: () => void;
};

export const AccountForm = ({ form, onSwitch, onDone }: AccountFormProps) => {
  const app = useApp();
  const [faults, setFaults] = useState<Partial<Answers>>({});
  const [error, setError] = useState<string>();
  const [isSending, setSending] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const which = whichOf(form);
  const isNew = which !== "log-in";

  // After a refusal the focus moves to the wrong field: a wrong password, a taken address.
  useLayoutEffect(() => {
    if (isSending || (error === undefined && Object.keys(faults).length === 0)) return;
    const [first] = Object.keys(faults);
    element.current?.querySelector<HTMLInputElement>(`[name=${first ?? "password"}]`)?.focus();
  }, [faults, error, isSending]);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!element.current || isSending) return;
    const data = new FormData(element.current);
    const text = (name: FieldName): string => {
      const value = data.get(name);
      return typeof value === "string" ? value : "";
    };
    const answers = { name: text("name").trim(), email: text("email").trim(), password: text("password") };
    const found = faultsOf(which, answers);
    setFaults(found);
    setError(undefined);
    if (Object.keys(found).length > 0) return;
    setSending(true);
    try {
      await finish(app, await send(app, form, answers), onDone);
    } catch (problem) {
      const refused = problemFaults(problem);
      setFaults(refused);
      if (Object.keys(refused).length === 0) setError(problemText(problem));
      setSending(false);
    }
  };

  const other = which === "log-in" ? "register" : "log-in";
  // With registration by invitation a form without one would only be refused.
  const isInvited = form.kind === "account" && form.invitation !== undefined;
  const offersOther = other === "log-in" || app.boot.registration === "open" || isInvited;
  return (
    <>
      <Note form={form} />
      <form ref={element} className="dialog-form" noValidate onSubmit={(event) => void submit(event)}>
        {isNew && <Field name="name" label="Name" type="text" autoComplete="name" fault={faults.name} />}
        <Field name="email" label="Email" type="email" autoComplete="username" fault={faults.email} />
        <Field
          name="password"
          label="Password"
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          fault={faults.password}
          hint={isNew ? `At least ${LEAST_PASSWORD} characters, and not a common one.` : undefined}
        />
        {error !== undefined && (
          <p className="dialog-error" role="alert">
            {error}
          </p>
        )}
        <button className="button button-primary" aria-disabled={isSending}>
          {isSending ? "One moment…" : SUBMITS[which]}
        </button>
      </form>
      {offersOther ? (
        <p className="dialog-switch">
          {which === "log-in" ? "New here?" : "Have an account?"}
          <button type="button" className="link-button" onClick={() => onSwitch(other)}>
            {ACCOUNT_TITLES[other]}
          </button>
        </p>
      ) : (
        <p className="dialog-note">
          {app.boot.registration === "invite"
            ? "New here? Ask the operator of this server for an invitation."
            : "New here? Only the operator of this server makes accounts."}
        </p>
      )}
    </>
  );
};
