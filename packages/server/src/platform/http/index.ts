/** The HTTP edge as modules and roles see it. */
export { addressKey, parseTrustedProxies, type TrustedProxies } from "./client-address.ts";
export { createOpenApi } from "./openapi.ts";
export type {
  Answer,
  Authenticator,
  Call,
  Edge,
  Handler,
  HttpServer,
  PageAnswer,
  PageEdge,
  PageHandler,
  PageRequest,
  RequestFacts,
  SeparateEdge,
  SeparateHandler,
  SeparateRequest,
  SocketCall,
} from "./ports.ts";
export { invalidRequest } from "./parse-call.ts";
export { retryAfter, toProblem } from "./problem-answer.ts";
export { channelPriorityOf, createProjectSocket } from "./project-socket.ts";
export { pagePolicy } from "./security-headers.ts";
export { httpSettings } from "./settings.ts";
export { createSocketBudget } from "./socket-budget.ts";
