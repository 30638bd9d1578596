// The changes to gVisor's source before it is built: each text to replace must occur exactly once.

/** @type {readonly { file: string, find: string, replace: string }[]} */
export const changes = [
  {
    // Writes of more than 128 KiB to a terminal were truncated. Reported as partial, they block until the terminal accepts more, as in a pipe.
    file: "pkg/sentry/fsimpl/devpts/line_discipline.go",
    find: "\tn, _, err := l.outQueue.write(ctx, src, l)\n\tl.termiosMu.RUnlock()\n\tif err != nil {\n\t\treturn 0, err\n\t}\n",
    replace:
      "\tn, _, err := l.outQueue.write(ctx, src, l)\n\tl.termiosMu.RUnlock()\n\tif err != nil {\n\t\treturn 0, err\n\t}\n" +
      "\tif n < src.NumBytes() {\n\t\tl.masterWaiter.Notify(waiter.ReadableEvents)\n\t\treturn n, linuxerr.ErrWouldBlock\n\t}\n",
  },
  {
    // When a forked process writes to a page, 16 KiB are copied instead of 2 MiB.
    file: "pkg/sentry/mm/pma.go",
    find: "\t\t\t\t\t\tcopyAR = pseg.Range().Intersect(hugeMaskAR)\n\t\t\t\t\t}\n\t\t\t\t\t// Get internal",
    replace:
      "\t\t\t\t\t\tconst nearby = 4 * hostarch.PageSize\n" +
      "\t\t\t\t\t\tnear := hostarch.AddrRange{Start: ar.Start &^ (nearby - 1), End: (ar.End + nearby - 1) &^ (nearby - 1)}\n" +
      "\t\t\t\t\t\tcopyAR = pseg.Range().Intersect(hugeMaskAR).Intersect(near)\n\t\t\t\t\t}\n\t\t\t\t\t// Get internal",
  },
  {
    // The end of a member sent SIGHUP to its whole group when one member was stopped, even if the group had no job control before.
    file: "pkg/sentry/kernel/sessions.go",
    find: "\t\tpg.ancestors--\n\t}\n\n\talive := true\n",
    replace: "\t\tpg.ancestors--\n\t\tisOrphaned = pg.ancestors == 0\n\t}\n\n\talive := isOrphaned\n",
  },
  {
    file: "pkg/sentry/kernel/sessions.go",
    find: "func (pg *ProcessGroup) decRefWithParent(parentPG *ProcessGroup) {\n",
    replace: "func (pg *ProcessGroup) decRefWithParent(parentPG *ProcessGroup) {\n\tisOrphaned := false\n",
  },
];
