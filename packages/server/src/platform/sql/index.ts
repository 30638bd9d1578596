/** The interface of modules to PostgreSQL. */
export type { Scope, Sql, Transaction } from "./ports.ts";
export { isDataRefusal, isConcurrentModification, isUniqueViolation, concurrentModification } from "./pg-failure.ts";
