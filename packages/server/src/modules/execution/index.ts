/** Executions: each is one limited run, in a fresh sandbox that was warmed before it got any user code. */
export { executionSettings, type ExecutionSettings } from "./config.ts";
export { registerExecutionHttp } from "./http.ts";
export { type LanguageDeclaration, LanguageFault, loadLanguages } from "./languages/load-languages.ts";
export { createExecution, type ExecutionModule } from "./module.ts";
export { PLAN_LIMITS } from "./plan-limits.ts";
export { registerExecutionSocket } from "./socket.ts";
