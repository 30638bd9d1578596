/** PostgreSQL as modules see it. */
export type { Scope, Sql, Transaction } from "./ports.ts";
export { isDataRefusal, isConcurrentModification, isUniqueViolation, concurrentModification } from "./pg-failure.ts";
