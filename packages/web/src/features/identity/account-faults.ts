/** The faults of an account form: those that the page finds before sending, and those of the server's response. */
import { ApiProblem, errorText, isProblem } from "../../app/api-problem.ts";

export type AccountForm = "log-in" | "register" | "admin";
export type FieldName = "name" | "email" | "password";
export type Answers = Record<FieldName, string>;

export const LEAST_PASSWORD = 8;
const FIELDS: readonly FieldName[] = ["name", "email", "password"];

/** One sentence for each field that can't be sent as it is. */
export const faultsOf = (form: AccountForm, answers: Answers): Partial<Answers> => {
  const faults: Partial<Answers> = {};
  const isNew = form !== "log-in";
  if (isNew && answers.name === "") faults.name = "Enter the name that others will see.";
  if (answers.email === "") faults.email = "Type your email address.";
  else if (!/^\S+@\S+\.\S+$/u.test(answers.email)) faults.email = "This is not an email address.";
  if (answers.password === "") faults.password = isNew ? "Choose a password." : "Type your password.";
  else if (isNew && answers.password.length < LEAST_PASSWORD)
    faults.password = `At least ${LEAST_PASSWORD} characters.`;
  return faults;
};

/** The text of a problem without fields, with advice. */
export const problemText = (problem: unknown): string =>
  isProblem(problem, "identity/admin-link-invalid")
    ? "This link was used already, or a newer start of the server printed a newer one. If the account exists, log in with it."
    : errorText(problem);

/** The faults in the server's response, by field; empty when there are none. */
export const problemFaults = (problem: unknown): Partial<Answers> => {
  if (!(problem instanceof ApiProblem)) return {};
  if (problem.code === "identity/email-taken") return { email: errorText(problem) };
  const faults: Partial<Answers> = {};
  for (const { at, message } of problem.body.faults ?? []) {
    const field = FIELDS.find((name) => at === `body.${name}`);
    if (field) faults[field] ??= /[.!?]$/u.test(message) ? message : `${message}.`;
  }
  return faults;
};
