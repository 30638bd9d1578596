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

it("asks for a name and a long enough password only where an account is made", () => {
  const answers = { name: "", email: "ada@example.org", password: "seven77" };
  expect(faultsOf("log-in", answers)).toEqual({});
  expect(faultsOf("register", answers)).toEqual({
    name: "Say what others should call you.",
    password: "At least 8 characters.",
  });
  expect(Object.keys(faultsOf("admin", { name: "", email: "", password: "" }))).toEqual(["name", "email", "password"]);
  expect(faultsOf("log-in", { name: "", email: "ada@", password: "x" })).toEqual({
    email: "This is not an email address.",
  });
});

it("puts what the server found beside its field, the first fault of each", () => {
  expect(problemFaults(problem("identity/email-taken"))).toEqual({ email: "A title." });
  const faults = [
    { at: "body.email", message: "Invalid email address" },
    { at: "body.email", message: "Too big" },
    { at: "body.token", message: "Too big" },
  ];
  expect(problemFaults(problem("request/invalid", faults))).toEqual({ email: "Invalid email address." });
});

it("says nothing about a field when the answer is about none", () => {
  expect(problemFaults(problem("identity/wrong-credentials"))).toEqual({});
  expect(problemFaults(new Unreachable("no answer"))).toEqual({});
});
