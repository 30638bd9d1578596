/** PostgreSQL as modules see it. */
export type { Scope, Sql, Transaction } from "./ports.ts";
export { isUniqueViolation } from "./pg-failure.ts";
