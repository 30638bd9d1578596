/** The settings of files: the sizes of projects and accounts. */
import { type Setting, wholeNumber } from "#kernel/setting";

export const filesSettings = {
  PROJECT_MAX_MIB: {
    schema: wholeNumber({ max: 1_048_576, fallback: 500 }),
    description: "Maximum size of the newest versions of all files of a project, in MiB.",
    defaultText: "500",
  },
  PROJECT_MAX_FILES: {
    schema: wholeNumber({ max: 1_000_000, fallback: 50_000 }),
    description: "Maximum number of files and folders of a project.",
    defaultText: "50000",
  },
  IMPORT_MAX_MIB: {
    schema: wholeNumber({ max: 1_048_576, fallback: 1024 }),
    description: "Maximum size of an archive to import, and of a tar.gz also unpacked, in MiB.",
    defaultText: "1024",
  },
  ACCOUNT_MAX_MIB: {
    schema: wholeNumber({ max: 1_073_741_824, fallback: 10_240 }),
    description: "Maximum size of all projects of an account, with old versions and the bin, in MiB.",
    defaultText: "10240",
  },
} as const satisfies Readonly<Record<string, Setting<number>>>;
