/** PostgreSQL as modules see it. */
export type { Scope, Sql, Transaction } from "./ports.ts";
export { isDataRefusal, isOvertaken, isUniqueViolation, overtaken } from "./pg-failure.ts";
