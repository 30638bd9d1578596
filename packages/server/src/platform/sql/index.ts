/** PostgreSQL as modules see it. */
export type { Scope, Sql, Transaction } from "./ports.ts";
export { isDataRefusal, isUniqueViolation } from "./pg-failure.ts";
