import { expect, it } from "vitest";
import { ApiProblem, Unreachable } from "../../app/api-problem.ts";
import { faultsOf, problemFaults } from "./account-faults.ts";

const problem = (code: string, faults?: { at: string; message: string }[]): ApiProblem =>
  new ApiProblem({
    type: "about:blank",
    title: "A title",
    status: 400,
    code,
    retryable: false,
    requestId: "r",
    ...(faults ? { faults } : {}),
  });

it("requires a name and a long enough password only for a new account", () => {
  const answers = { name: "", email: "ada@example.org", password: "seven77" };
  expect(faultsOf("log-in", answers)).toEqual({});
  expect(faultsOf("register", answers)).toEqual({
    name: "Enter the name that others will see.",
    password: "At least 8 characters.",
  });
  expect(Object.keys(faultsOf("admin", { name: "", email: "", password: "" }))).toEqual(["name", "email", "password"]);
  expect(faultsOf("log-in", { name: "", email: "ada@", password: "x" })).toEqual({
    email: "This is not an email address.",
  });
});

it("shows the server's first fault of each field", () => {
  expect(problemFaults(problem("identity/email-taken"))).toEqual({ email: "A title." });
  const faults = [
    { at: "body.email", message: "Invalid email address" },
    { at: "body.email", message: "Too big" },
    { at: "body.token", message: "Too big" },
  ];
  expect(problemFaults(problem("request/invalid", faults))).toEqual({ email: "Invalid email address." });
});

it("shows no field fault for a problem without fields", () => {
  expect(problemFaults(problem("identity/wrong-credentials"))).toEqual({});
  expect(problemFaults(new Unreachable("no answer"))).toEqual({});
});
