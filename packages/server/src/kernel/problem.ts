/** A failure of the server or a refusal, as a value with a code: a route throws it and the edge turns it into application/problem+json. */
import { PROBLEMS, type ProblemBody, type ProblemCode } from "@atelier/contracts";

export type ProblemExtra = {
  /** Seconds; sent as Retry-After. 429 and 503 have a default. */
  readonly retryAfterSeconds?: number;
  readonly currentVersion?: number;
  readonly faults?: NonNullable<ProblemBody["faults"]>;
  readonly cause?: unknown;
  /** The account that the refusal concerns, for the audit log. Never sent. */
  readonly auditUserId?: string;
};

/** An error with a code of the contracts' table; `detail` is shown to the user, so it carries no secrets. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly extra: ProblemExtra;

  constructor(code: ProblemCode, detail?: string, extra: ProblemExtra = {}) {
    super(detail ?? PROBLEMS[code].title, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.code = code;
    this.detail = detail;
    this.extra = extra;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** The body on the wire. */
  toBody(requestId: string, instance?: string): ProblemBody {
    const { status, title, retryable } = PROBLEMS[this.code];
    return {
      type: `urn:atelier:problem:${this.code}`,
      title,
      status,
      code: this.code,
      retryable,
      requestId,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...(instance === undefined ? {} : { instance }),
      ...(this.extra.currentVersion === undefined ? {} : { currentVersion: this.extra.currentVersion }),
      ...(this.extra.faults === undefined ? {} : { faults: this.extra.faults }),
    };
  }
}
