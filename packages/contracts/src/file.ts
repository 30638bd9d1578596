/** Files and folders of a project. */
import { z } from "zod";
import { PathSchema } from "./path-schema.ts";
import { IdSchema, TimeSchema, VersionNumberSchema } from "./shapes.ts";

/** Largest content of a file on the JSON routes, in bytes after decoding. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024;

export const EntrySchema = z
  .object({
    id: IdSchema,
    parentId: IdSchema.nullable(),
    path: z.string(),
    kind: z.enum(["file", "folder"]),
    size: z.int(),
    hash: z.string().nullable().meta({ description: "SHA-256 of the bytes, hex; null for a folder" }),
    version: z.int(),
    executable: z.boolean(),
    updatedAt: TimeSchema,
  })
  .meta({ id: "Entry" });
export type Entry = z.infer<typeof EntrySchema>;
export const TreeSchema = z.object({ entries: z.array(EntrySchema) }).meta({ id: "Tree" });

export const EncodingSchema = z.enum(["utf-8", "base64"]);
export type Encoding = z.infer<typeof EncodingSchema>;

export const FileSchema = EntrySchema.extend({
  content: z.string().optional(),
  encoding: EncodingSchema.optional(),
  mediaType: z.string(),
  eol: z.enum(["lf", "crlf"]),
}).meta({ id: "File" });
export type File = z.infer<typeof FileSchema>;

const ContentSchema = z.string().max(Math.ceil((MAX_FILE_BYTES * 4) / 3) + 4);

export const CreateFileSchema = z.strictObject({
  path: PathSchema,
  content: ContentSchema,
  encoding: EncodingSchema.optional(),
});
export const PutFileSchema = z.strictObject({
  path: PathSchema,
  content: ContentSchema,
  encoding: EncodingSchema.optional(),
  version: VersionNumberSchema.optional(),
});
export const CreateFolderSchema = z.strictObject({ path: PathSchema });
export const MoveSchema = z.strictObject({ from: PathSchema, to: PathSchema });
export const RestoreVersionSchema = z.strictObject({ path: PathSchema, version: VersionNumberSchema });

export const VersionSchema = z
  .object({
    version: z.int(),
    hash: z.string(),
    size: z.int(),
    createdAt: TimeSchema,
    author: z.object({ id: IdSchema, name: z.string() }).nullable(),
  })
  .meta({ id: "Version" });
export type Version = z.infer<typeof VersionSchema>;
export const HistorySchema = z.object({ versions: z.array(VersionSchema) }).meta({ id: "History" });
