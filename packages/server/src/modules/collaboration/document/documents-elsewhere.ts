/** Requests to the node that has a document open: to write its edits into a version, and to merge a version from outside. */
import { type LiveSessions, LiveSessionsSchema } from "@atelier/contracts";
import { z } from "zod";
import { Problem } from "#kernel/problem";
import type { HomesNode } from "#platform/homes";
import type { NodeCalls } from "#platform/links";
import type { DocumentRef } from "./document-ref.ts";

const WRITE = "document-write";
const VERSION = "document-version";
const SESSIONS = "document-sessions";

const RefSchema = z.strictObject({ projectId: z.string(), fileId: z.string() });
const ProjectSchema = z.strictObject({ projectId: z.string() });
const VersionSchema = z.strictObject({
  projectId: z.string(),
  fileId: z.string(),
  basedOn: z.int(),
  version: z.int(),
  userId: z.string().nullable(),
});
/** A version that is in the store, without its bytes: the other node reads them. */
export type StoredChange = z.infer<typeof VersionSchema>;

export interface DocumentsElsewhere {
  /** Resolves when all edits until now are in a version. @throws Problem */
  write(node: HomesNode, ref: DocumentRef): Promise<void>;
  /** Resolves when the version is merged. @throws Problem */
  merge(node: HomesNode, change: StoredChange): Promise<void>;
  /** The users of each document of the project that is open on the node. @throws Problem */
  sessions(node: HomesNode, projectId: string): Promise<LiveSessions>;
}

/** The caller gets document-unavailable; only the log names the node that cannot be reached. */
const asDocumentProblem = (error: unknown): never => {
  if (!(error instanceof Problem) || error.code !== "server/unavailable") throw error;
  throw new Problem(
    "collaboration/document-unavailable",
    "The document is open on another server, which cannot be reached.",
    {
      cause: error,
      retryAfterSeconds: 1,
    },
  );
};

export const createDocumentsElsewhere = (calls: NodeCalls): DocumentsElsewhere => ({
  async write(node, { projectId, fileId }) {
    await calls.ask(node, WRITE, { projectId, fileId }).catch(asDocumentProblem);
  },
  async merge(node, change) {
    await calls.ask(node, VERSION, change).catch(asDocumentProblem);
  },
  sessions: async (node, projectId) => LiveSessionsSchema.parse(await calls.ask(node, SESSIONS, { projectId })),
});

/** Handles the requests of other nodes for documents that are open here. */
export const answerForDocuments = (
  calls: NodeCalls,
  documents: {
    write(ref: DocumentRef): Promise<void>;
    merge(change: StoredChange): Promise<void>;
    sessions(projectId: string): LiveSessions;
  },
): void => {
  calls.answer(WRITE, async (body) => documents.write(RefSchema.parse(body)));
  calls.answer(SESSIONS, async (body) => documents.sessions(ProjectSchema.parse(body).projectId));
  calls.answer(VERSION, async (body) => documents.merge(VersionSchema.parse(body)));
};
