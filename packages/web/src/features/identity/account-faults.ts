/** What is wrong with the answers of an account form: found here before they are sent, or told by the server. */
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
  if (isNew && answers.name === "") faults.name = "Say what others should call you.";
  if (answers.email === "") faults.email = "Type your email address.";
  else if (!/^\S+@\S+\.\S+$/u.test(answers.email)) faults.email = "This is not an email address.";
  if (answers.password === "") faults.password = isNew ? "Choose a password." : "Type your password.";
  else if (isNew && answers.password.length < LEAST_PASSWORD)
    faults.password = `At least ${LEAST_PASSWORD} characters.`;
  return faults;
};

/** What went wrong where it is about no field, with what to do about it. */
export const problemText = (problem: unknown): string =>
  isProblem(problem, "identity/admin-link-invalid")
    ? "This link was used already, or a newer start of the server printed a newer one. If the account is made, log in with it."
    : errorText(problem);

/** What the server found wrong, by field; empty when its answer is about no field. */
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
