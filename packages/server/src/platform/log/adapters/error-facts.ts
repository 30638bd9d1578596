/** The logged facts of an error: its type, message, code and stack; not the fields that drivers add, which may have rows and contents. */

export type ErrorFacts = {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorFacts;
  readonly errors?: readonly ErrorFacts[];
};

const MAX_DEPTH = 5;
const MAX_TEXT = 8_000;
const MAX_ERRORS = 5;

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} …` : text);

/** @param error unknown, because any value can be thrown */
export const errorFacts = (error: unknown, depth = 0): ErrorFacts => {
  if (!(error instanceof Error)) return { type: typeof error, message: cut(String(error)) };
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const inner = error instanceof AggregateError ? error.errors.slice(0, MAX_ERRORS) : [];
  return {
    type: error.name,
    message: cut(error.message),
    ...(typeof code === "string" || typeof code === "number" ? { code: String(code) } : {}),
    ...(error.stack === undefined ? {} : { stack: cut(error.stack) }),
    ...(cause === undefined || depth >= MAX_DEPTH ? {} : { cause: errorFacts(cause, depth + 1) }),
    ...(inner.length === 0 || depth >= MAX_DEPTH ? {} : { errors: inner.map((one) => errorFacts(one, depth + 1)) }),
  };
};
