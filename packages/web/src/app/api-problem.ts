/** The errors that API calls throw, and their texts for users. */
import type { ProblemBody, ProblemCode } from "@atelier/contracts";

/** An error answer (RFC 9457). `retryAfterMs` is there when the server named a time. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly body: ProblemBody;
  readonly retryAfterMs: number | undefined;

  constructor(body: ProblemBody, retryAfterMs?: number) {
    super(body.detail ?? body.title);
    this.body = body;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): string {
    return this.body.code;
  }

  get status(): number {
    return this.body.status;
  }
}

/** Thrown when no response arrived: the network or the server is unavailable. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Whether an error is the API's answer with this code. */
export const isProblem = (error: unknown, code: ProblemCode): error is ApiProblem =>
  error instanceof ApiProblem && error.code === code;

const RETRY_AFTER_SECONDS = /^\d{1,6}$/u;

/** Reads an error answer; a proxy's own error page becomes a problem too. */
export const problemFrom = async (response: Response): Promise<ApiProblem> => {
  const after = response.headers.get("retry-after");
  const retryAfterMs = after !== null && RETRY_AFTER_SECONDS.test(after) ? Number(after) * 1000 : undefined;
  const isOurs = response.headers.get("content-type")?.includes("application/problem+json") === true;
  const body = isOurs ? ((await response.json().catch(() => undefined)) as ProblemBody | undefined) : undefined;
  return new ApiProblem(
    body ?? {
      type: "about:blank",
      title: `The server answered ${response.status}`,
      status: response.status,
      code: "server/unavailable",
      retryable: response.status >= 500,
      requestId: "",
    },
    retryAfterMs,
  );
};

/** One sentence that says what went wrong and, where there is something to do, what. */
export const errorText = (error: unknown): string => {
  if (error instanceof Unreachable) return "The server can't be reached. Check the connection and try again.";
  if (!(error instanceof ApiProblem)) return "Something went wrong in this page. Reload it and try again.";
  const [fault] = error.body.faults ?? [];
  const text = fault?.message ?? error.body.detail ?? error.body.title;
  const sentence = /[.!?]$/u.test(text) ? text : `${text}.`;
  if (error.retryAfterMs === undefined) return sentence;
  return `${sentence} Try again in ${Math.max(1, Math.ceil(error.retryAfterMs / 1000))} s.`;
};
