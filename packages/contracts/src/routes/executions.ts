/** Languages and executions. */
import { z } from "zod";
import { ExecutionListSchema, ExecutionSchema, LanguageListSchema, StartExecutionSchema } from "../execution.ts";
import { MAX_FILE_BYTES } from "../file.ts";
import { RunConfigurationListSchema } from "../run-configuration.ts";
import { IdSchema } from "../shapes.ts";
import { ProjectParamsSchema } from "./projects.ts";
import { defineRoute } from "./route.ts";

const ExecutionParamsSchema = z.object({ id: IdSchema });

export const executionRoutes = {
  languages: defineRoute({
    id: "languages",
    method: "GET",
    path: "/languages",
    summary: "The languages that can be run",
    access: "anyone",
    rate: "read",
    audit: null,
    responses: { 200: LanguageListSchema },
    problems: [],
  }),
  startExecution: defineRoute({
    id: "startExecution",
    method: "POST",
    path: "/executions",
    summary: "Run a program in a fresh sandbox; with wait=true the response is sent when it has ended",
    access: "user",
    rate: "execute",
    audit: "execution.start",
    query: z.object({ wait: z.enum(["true", "false"]).optional() }),
    body: StartExecutionSchema,
    // The files and the standard input of a run without a project.
    bodyLimitBytes: 2 * MAX_FILE_BYTES,
    responses: { 202: ExecutionSchema, 200: ExecutionSchema },
    problems: [
      "projects/no-such-project",
      "projects/role-too-low",
      "projects/content-invalid",
      "projects/too-large",
      "execution/no-such-language",
      "execution/language-not-ready",
      "execution/entry-point-missing",
      "execution/no-such-configuration",
      "execution/configuration-unavailable",
      "execution/queue-full",
      "execution/limit-too-high",
      "execution/unavailable",
      "collaboration/document-unavailable",
    ],
  }),
  listConfigurations: defineRoute({
    id: "listConfigurations",
    method: "GET",
    path: "/projects/:projectId/configurations",
    summary: "What Run can do in a project: written in its atelier.json, or inferred from its files",
    access: "user",
    rate: "read",
    audit: null,
    params: ProjectParamsSchema,
    responses: { 200: RunConfigurationListSchema },
    problems: ["projects/no-such-project", "projects/too-large", "collaboration/document-unavailable"],
  }),
  atelierSchema: defineRoute({
    id: "atelierSchema",
    method: "GET",
    path: "/schemas/atelier.json",
    summary: "The JSON Schema of atelier.json, with the languages of this server",
    access: "anyone",
    rate: "read",
    audit: null,
    responses: { 200: z.record(z.string(), z.unknown()) },
    problems: [],
  }),
  getExecution: defineRoute({
    id: "getExecution",
    method: "GET",
    path: "/executions/:id",
    summary: "One execution",
    access: "user",
    rate: "read",
    audit: null,
    params: ExecutionParamsSchema,
    responses: { 200: ExecutionSchema },
    problems: ["execution/no-such-execution"],
  }),
  stopExecution: defineRoute({
    id: "stopExecution",
    method: "DELETE",
    path: "/executions/:id",
    summary: "Stop an execution; does nothing to one that has ended",
    access: "user",
    rate: "write",
    audit: "execution.stop",
    params: ExecutionParamsSchema,
    responses: { 200: ExecutionSchema },
    problems: ["execution/no-such-execution", "projects/role-too-low"],
  }),
  listExecutions: defineRoute({
    id: "listExecutions",
    method: "GET",
    path: "/projects/:projectId/executions",
    summary: "A project's latest executions",
    access: "user",
    rate: "read",
    audit: null,
    params: ProjectParamsSchema,
    responses: { 200: ExecutionListSchema },
    problems: ["projects/no-such-project"],
  }),
} as const;
