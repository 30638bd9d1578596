/** The forms for logging in, making an account, and the administrator's first account. Loaded when opened. */
import { routes, type SignedIn } from "@atelier/contracts";
import { type FormEvent, useId, useRef, useState } from "react";
import { ApiProblem, errorText } from "../../app/api-problem.ts";
import type { OpenDialog } from "../../app/dialog-store.ts";
import { type App, useApp } from "../../app/services.ts";
import { Dialog } from "../../design/dialog.tsx";
import { showToast } from "../../design/toasts.ts";

type Form = Extract<OpenDialog, { kind: "account" | "admin" }>;
type FieldName = "name" | "email" | "password";
type Answers = Record<FieldName, string>;

const LEAST_PASSWORD = 8;

const send = (app: App, form: Form, answers: Answers): Promise<SignedIn> => {
  const { email, password } = answers;
  if (form.kind === "admin") return app.call(routes.adminSignIn, { body: { token: form.token, ...answers } });
  if (form.form === "register") return app.call(routes.register, { body: answers });
  return app.call(routes.login, { body: { email, password } });
};

const faultsOf = (form: Form, answers: Answers): Partial<Answers> => {
  const faults: Partial<Answers> = {};
  const isNew = form.kind === "admin" || form.form === "register";
  if (isNew && answers.name.trim() === "") faults.name = "Say what others should call you.";
  if (!/^\S+@\S+\.\S+$/u.test(answers.email)) faults.email = "This is not an email address.";
  if (answers.password === "") faults.password = "Type your password.";
  else if (isNew && answers.password.length < LEAST_PASSWORD)
    faults.password = `At least ${LEAST_PASSWORD} characters.`;
  return faults;
};

type FieldProps = {
  readonly name: FieldName;
  readonly label: string;
  readonly type: "text" | "email" | "password";
  readonly autoComplete: string;
  readonly fault: string | undefined;
};

const Field = ({ name, label, type, autoComplete, fault }: FieldProps) => {
  const id = useId();
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
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
      />
      {fault !== undefined && (
        <span id={`${id}-fault`} className="field-error">
          {fault}
        </span>
      )}
    </div>
  );
};

const TITLES = { "log-in": "Log in", register: "Create an account", admin: "Set up the administrator" } as const;
const SUBMITS = { "log-in": "Log in", register: "Create account", admin: "Create administrator" } as const;

/** Another account may see other projects: the page starts over where it is. A guest who registers stays in place. */
const finish = (app: App, form: Form, answer: SignedIn, close: () => void): void => {
  const { state } = app.projects.getState();
  app.session.accept(answer);
  close();
  const staysInPlace = form.kind === "account" && form.form === "register" && state.kind === "open";
  if (!staysInPlace && state.kind !== "sample") location.reload();
  showToast({ text: `Signed in as ${answer.user.name}` });
};

export const AccountDialog = ({ form, onClose }: { readonly form: Form; readonly onClose: () => void }) => {
  const app = useApp();
  const [faults, setFaults] = useState<Partial<Answers>>({});
  const [error, setError] = useState<string>();
  const [isSending, setSending] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const which = form.kind === "admin" ? "admin" : form.form;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!element.current || isSending) return;
    const data = new FormData(element.current);
    const text = (name: FieldName): string => {
      const value = data.get(name);
      return typeof value === "string" ? value : "";
    };
    const answers = { name: text("name").trim(), email: text("email").trim(), password: text("password") };
    const found = faultsOf(form, answers);
    setFaults(found);
    setError(undefined);
    const first = Object.keys(found)[0];
    if (first !== undefined) {
      element.current.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
      return;
    }
    setSending(true);
    try {
      finish(app, form, await send(app, form, answers), onClose);
    } catch (problem) {
      setSending(false);
      if (problem instanceof ApiProblem && problem.code === "identity/email-taken")
        setFaults({ email: errorText(problem) });
      else setError(errorText(problem));
    }
  };

  const isNew = which !== "log-in";
  const other = which === "log-in" ? "register" : "log-in";
  return (
    <Dialog title={TITLES[which]} onClose={onClose}>
      {form.kind === "account" && form.reason !== undefined && <p className="dialog-note">{form.reason}</p>}
      {which === "register" && <p className="dialog-note">What you made as a guest stays yours.</p>}
      {which === "admin" && <p className="dialog-note">This link works once. The account it makes runs this server.</p>}
      <form ref={element} className="dialog-form" noValidate onSubmit={(event) => void submit(event)}>
        {isNew && <Field name="name" label="Name" type="text" autoComplete="name" fault={faults.name} />}
        <Field name="email" label="Email" type="email" autoComplete="email" fault={faults.email} />
        <Field
          name="password"
          label="Password"
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          fault={faults.password}
        />
        {error !== undefined && (
          <p className="dialog-error" role="alert">
            {error}
          </p>
        )}
        <button className="button button-primary" disabled={isSending}>
          {SUBMITS[which]}
        </button>
      </form>
      {form.kind === "account" && (
        <p className="dialog-switch">
          {which === "log-in" ? "New here?" : "Have an account?"}
          <button className="link-button" onClick={() => app.dialogs.setState({ kind: "account", form: other }, true)}>
            {TITLES[other]}
          </button>
        </p>
      )}
    </Dialog>
  );
};
