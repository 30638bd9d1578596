"""Waits, with Python started and common modules imported, for a job on descriptor 3, and becomes it.

It may have been copied while waiting (in gVisor): then it is told to rehearse before its job comes.

The script is run by the same C function that `python3 script.py` ends in, so the main module, the
traceback, exit codes and exit hooks are the interpreter's own. What stays different: code that walks
the stack sees two frames of this file below its own, and the imported modules are in sys.modules
(unless the project has a file of one of their names: then they are all taken out again), and the
garbage collector does not look at them (gc.get_freeze_count).
"""


def serve():
    import sys

    bare = set(sys.modules)
    import os

    ready, job = 4, 3

    # Each costs every sandbox some milliseconds, used or not: only what many programs use.
    import bisect, collections.abc, contextlib, copy, ctypes, datetime, enum, functools, gc  # noqa: E401,F401
    import heapq, itertools, json, math, operator, random, re, string, threading, time  # noqa: E401,F401
    import traceback, types, typing  # noqa: E401,F401

    def prepare():
        # A copy has these for much less than their import: only their memory is brought back. Modules that start
        # OpenSSL stay out, so that no copy shares its generator's state with another.
        import argparse, array, ast, calendar, csv, dataclasses, decimal, fractions, glob, html  # noqa: E401,F401
        import inspect, logging, pathlib, pprint, queue, shutil, statistics, struct, tempfile  # noqa: E401,F401
        import textwrap, unicodedata  # noqa: E401,F401

        gc.freeze()

    run_file = ctypes.pythonapi.PyRun_AnyFileExFlags
    run_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    libc = ctypes.CDLL(None)
    libc.getauxval.restype, libc.getauxval.argtypes = ctypes.c_void_p, [ctypes.c_ulong]
    libc.fopen.restype = ctypes.c_void_p
    libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]

    def read_exactly(count):
        parts = []
        while count > 0:
            part = os.read(job, min(count, 1 << 20))
            if not part:
                os._exit(0)
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def rehearse():
        # This process is a copy: what it would share with the other copies, and should not, is made anew.
        random.seed()
        ctypes.memmove(libc.getauxval(25), os.urandom(16), 16)  # AT_RANDOM
        # Locked memory is mapped at once; else gVisor does so piece by piece when the program touches it.
        libc.mlockall(1)
        libc.munlockall()

    questions = {0: rehearse, 0xFFFFFFFF: prepare}

    def receive():
        while (size := int.from_bytes(read_exactly(4), "little")) in questions:
            questions[size]()
            os.write(ready, b"C")
        os.close(ready)
        fields = read_exactly(size).split(b"\0")[:-1]
        count = int(fields[1])
        return fields[0], fields[2 : 2 + count], fields[2 + count :]

    def enter_terminal(path):
        # The first terminal that a session's leader opens becomes its controlling terminal.
        terminal = os.open(path, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(terminal, number)
        os.close(terminal)
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            # Started with -u they pass everything on at once, and lines are nothing special, also in a terminal.
            if not stream.write_through:
                stream.reconfigure(line_buffering=True)

    def enter_environment(pairs):
        wanted = dict(pair.split(b"=", 1) for pair in pairs)
        for name in list(os.environb):
            if name not in wanted:
                del os.environb[name]
        for name, value in wanted.items():
            if os.environb.get(name) != value:
                os.environb[name] = value

    def forget_imports(folder):
        imported = set(sys.modules) - bare
        try:
            here = {name.partition(".")[0] for name in os.listdir(folder)}
        except OSError:
            here = set()
        if here.isdisjoint(name.partition(".")[0] for name in imported):
            return
        for name in imported:
            del sys.modules[name]

    # The imported modules live as long as the interpreter: collecting them at its end takes longer than most programs.
    gc.freeze()
    os.write(ready, b"C")
    terminal, argv, environment = receive()
    os.close(job)
    enter_environment(environment)
    if terminal:
        enter_terminal(terminal)

    # The interpreter and the options that it was started with; what came after them was this file.
    command = sys.orig_argv[:-1]
    script = argv[1]
    stream = libc.fopen(script, b"rb") if os.path.isfile(script) else None
    if not stream:
        # A folder, an archive or nothing at all: the interpreter knows what to do or say.
        os.execv(sys.executable, [*command, *argv[1:]])

    decoded = [os.fsdecode(part) for part in argv]
    sys.orig_argv[:] = [*command, *decoded[1:]]
    sys.argv[:] = decoded[1:]
    sys.path[0] = os.path.dirname(os.path.realpath(decoded[1]))
    forget_imports(sys.path[0])
    shown = script if script.startswith(b"/") else os.getcwdb() + b"/" + script

    # A new main module: this file's own is held by its frames, and by the frozen generation.
    main = type(sys)("__main__")
    main.__annotations__ = {}
    main.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = main
    del main
    failed = run_file(stream, shown, 1, None) != 0
    # After an interrupt the interpreter ends itself by that signal, if it is not asked for a code.
    if failed and not isinstance(getattr(sys, "last_exc", None), KeyboardInterrupt):
        raise SystemExit(1)


serve()
