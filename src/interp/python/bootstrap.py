"""Bessemer's half inside Python: runs code like a notebook cell, carries what it prints, tells what went wrong.

Rust compiles this once, before the first fork, as the module `_bessemer`, and calls its functions. Not here: the
conversion of values (convert.rs) and where printed text goes (output.rs).
"""

import ast
import difflib
import gc
import glob
import importlib
import importlib.util
import io
import itertools
import keyword
import linecache
import os
import signal
import site
import sys
import traceback

# Scripts import these: loaded here, they are paid for once and not in every session.
import collections, csv, datetime, functools, json, math, random, re, statistics, string, textwrap, time  # noqa: E401, F401

import __main__

# The real `__main__`, so that dataclasses and pickle find the classes that a script defines.
namespace = __main__.__dict__
numbers = itertools.count(1)
latest = None  # the file name of the code that ran last
sources = {}  # file name -> length, oldest first
MAX_SOURCES, MAX_SOURCE_CHARS = 1000, 16_000_000


class Writer(io.TextIOBase):
    """A text stream that hands each text to `send` at once."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, send):
        self.send = send

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"string argument expected, got {type(text).__name__!r}")
        if text:
            self.send(text)
        return len(text)

    def reconfigure(self, **_):
        """Scripts ask for UTF-8, which this is."""

    def close(self):
        """Nothing may end the session's output."""


def start(send, virtual_env):
    """Last steps before the first fork; returns a warning or None."""
    # `__stdout__` too: the file descriptor below may be the protocol's.
    sys.stdout = sys.__stdout__ = Writer(lambda text: send(text, False))
    sys.stderr = sys.__stderr__ = Writer(lambda text: send(text, True))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warning = use_virtual_env(virtual_env) if virtual_env else None
    # What is here stays: a collection in a session must not write to, and so copy, the pages shared with the zygote.
    gc.collect()
    gc.freeze()
    return warning


def readable():
    """The folders that importing and what is imported need: libraries, packages, and where their shared objects come from."""
    found = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    found.update(path for path in sys.path if os.path.isabs(path))
    try:
        with open("/proc/self/maps") as maps:
            mapped = {line.split(None, 5)[5].strip() for line in maps if line.count(" ") > 4 and ".so" in line}
        found.update(os.path.dirname(path) for path in mapped if os.path.isabs(path))
    except OSError:
        pass
    # The program's own folder, or a home, is nothing that Python needs.
    return sorted(path for path in found if os.path.exists(path) and path not in ("/", os.path.expanduser("~")))


def cut_copies(cut):
    """Has what a copy of this process prints go to stderr: the session's streams are the original's."""

    def copied():
        cut()
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = open(2, "w", 1, "utf-8", "replace", closefd=False)

    os.register_at_fork(after_in_child=copied)


class Patched:
    """Finds the modules that are to be patched, as they are imported."""

    patches = {}

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        patch = cls.patches.pop(name, None)
        spec = patch and importlib.util.find_spec(name)
        if spec is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


def when_imported(name, patch):
    """Calls `patch` with the module of this name: now, or when the script imports it."""
    if name in sys.modules:
        return patch(sys.modules[name])
    Patched.patches[name] = patch
    if Patched not in sys.meta_path:
        sys.meta_path.insert(0, Patched)


def confined(runs):
    """The session is confined; `runs` says whether it may start programs."""
    if not runs:
        when_imported("ctypes.util", lambda module: setattr(module, "find_library", find_library))


def find_library(name):
    """ctypes.util.find_library, which asks the linker and the compiler, without them."""
    folders = ["/usr/local/lib", "/usr/lib64", "/lib64", "/usr/lib", "/lib"]
    triplet = getattr(sys.implementation, "_multiarch", "")
    folders = [os.path.join(each, triplet) for each in folders if triplet] + folders
    wanted = re.compile(r"lib%s\.so(\.[0-9.]+)?" % re.escape(name))
    for folder in folders:
        try:
            found = [each for each in os.listdir(folder) if wanted.fullmatch(each)]
        except OSError:
            continue
        if found:
            # One with a version: the other may be a text for the linker.
            return min(found, key=lambda each: (each.endswith(".so"), len(each), each))
    return None


def certificates():
    """The files and folders in which certificates are looked for."""
    import _ssl  # not `ssl`, which takes longer and is for the script to import

    variable_file, file, variable_folder, folder = _ssl.get_default_verify_paths()
    found = [file, folder, os.environ.get(variable_file), os.environ.get(variable_folder)]
    return [path for path in found if path and os.path.isabs(path)]


def seed(number):
    """Says where the numbers of `random` begin."""
    random.seed(number)


def set_clock(seconds):
    """Moves the clock of `time` and `datetime`: a run that is taken up again goes on where it began."""
    real, day, shift = datetime.datetime, datetime.date, datetime.timedelta(seconds=seconds)
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + int(seconds * 1e9)
    for name in ("localtime", "gmtime", "ctime"):
        convert = getattr(time, name)
        setattr(time, name, lambda at=None, convert=convert: convert(time.time() if at is None else at))
    show = time.strftime
    time.strftime = lambda form, at=None: show(form, time.localtime() if at is None else at)

    class Kind(type):
        """What the C code makes, and what was made before, are dates all the same."""

        def __instancecheck__(cls, value):
            return isinstance(value, cls.__mro__[1])

    class Date(day, metaclass=Kind):
        @classmethod
        def today(cls):
            return (real.now() + shift).date()

    class DateTime(real, metaclass=Kind):
        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + shift

        @classmethod
        def utcnow(cls):
            return real.now(datetime.timezone.utc).replace(tzinfo=None) + shift

        @classmethod
        def today(cls):
            return real.now() + shift

    for made, was in ((Date, day), (DateTime, real)):
        made.__name__ = made.__qualname__ = was.__name__
        made.__module__ = "datetime"
    datetime.date, datetime.datetime = Date, DateTime


def set_environment(variables, only):
    """Sets variables of the process's environment, and takes all others away if there are to be `only` these."""
    if only:
        os.environb.clear()
    os.environb.update(variables)


def use_virtual_env(path):
    """Puts the packages of a virtual environment before the system's."""
    version = "python%d.%d" % sys.version_info[:2]
    packages = os.path.join(path, "lib", version, "site-packages")
    if not os.path.isdir(packages):
        found = glob.glob(os.path.join(glob.escape(path), "lib", "python*", "site-packages"))
        others = ", ".join(sorted(os.path.basename(os.path.dirname(each)) for each in found)) or "no Python"
        return f"VIRTUAL_ENV is not used: {path} is for {others}, and this is {version}"
    system = list(sys.path)
    site.addsitedir(packages)
    added = [each for each in sys.path if each not in system]
    at = next((i for i, each in enumerate(system) if each.endswith(("site-packages", "dist-packages"))), len(system))
    sys.path[:] = system[:at] + added + system[at:]


def evaluate(code):
    """Runs all statements; returns the value of the last one if it is an expression."""
    global latest
    latest = name = f"<py-eval {next(numbers)}>"
    remember(name, code)
    body = parse(code, name)
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    # Both are compiled before either runs: code with a syntax error has no effect.
    statements = compile(ast.Module(body, []), name, "exec", dont_inherit=True)
    expression = last and compile(ast.Expression(last.value), name, "eval", dont_inherit=True)
    exec(statements, namespace)
    return eval(expression, namespace) if expression else None


def remember(name, code):
    """Keeps the source for tracebacks, within bounds."""
    sources[name] = len(code)
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    while len(sources) > MAX_SOURCES or sum(sources.values()) > MAX_SOURCE_CHARS:
        oldest = next(iter(sources))
        del sources[oldest]
        linecache.cache.pop(oldest, None)


def parse(code, name):
    """The statements of `code`, which may be indented as a whole."""
    try:
        return ast.parse(code, name).body
    except SyntaxError as error:
        lines = (line for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#"))
        if not next(lines, "")[:1].isspace():
            raise
        original = error
    # As the body of an `if`: unlike a dedent this leaves multi-line strings as they are, and columns too.
    try:
        tree = ast.parse("if 1:\n" + code, name)
    except SyntaxError as error:
        error.lineno, error.end_lineno = (line and line - 1 for line in (error.lineno, error.end_lineno))
        raise error from None
    if len(tree.body) != 1 or tree.body[0].orelse:
        raise original
    return ast.increment_lineno(tree, -1).body[0].body


def capture(code):
    """Runs `code`; returns what it printed."""
    parts = []
    before, sys.stdout = sys.stdout, Writer(parts.append)
    try:
        evaluate(code)
    finally:
        sys.stdout = before
    return "".join(parts)


def bind(name, value):
    if not name.isidentifier() or keyword.iskeyword(name):
        raise NameError(f"`{name}` cannot be the name of a Python variable")
    namespace[name] = value


def variable(name):
    """The value of a variable, alone in a tuple; an empty one when there is none."""
    return (namespace[name],) if name in namespace else ()


class Contexts(dict):
    """The contexts by name; the name of several gives their list, but is no key of its own."""

    def __init__(self, texts, groups):
        super().__init__(texts)
        self.groups = groups

    def __missing__(self, name):
        if name in self.groups:
            return [self[each] for each in self.groups[name]]
        near = difflib.get_close_matches(str(name), [*self, *self.groups], 1)
        raise KeyError(f"there is no context {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def import_module(name):
    """Returns the module and binds its top-level name, as `import` does."""
    module = importlib.import_module(name)
    top = name.partition(".")[0]
    namespace[top] = sys.modules[top]
    return module


def describe(error, in_code):
    """(exception line, traceback, line in the code that ran last or None, interrupted)"""
    chain = [error]
    while True:
        link = chain[-1]
        before = link.__context__ if link.__cause__ is None and not link.__suppress_context__ else link.__cause__
        if before is None or len(chain) == 20 or any(before is each for each in chain):
            break
        chain.append(before)
    line = None
    if in_code:
        line = next((frame.lineno for frame in reversed(own_frames(error)) if frame.filename == latest), None)
        if line is None and isinstance(error, SyntaxError) and error.filename == latest:
            line = error.lineno
    return headline(error), "".join(trace(chain)), line, isinstance(error, KeyboardInterrupt)


def trace(chain):
    """The lines that Python prints for a chain of exceptions (latest first), less the last line and foreign frames."""
    for index in range(len(chain) - 1, -1, -1):
        error = chain[index]
        frames = own_frames(error)
        if frames:
            yield "Traceback (most recent call last):\n"
            yield from traceback.StackSummary.from_list(frames).format()
        if isinstance(error, SyntaxError) and is_own(error.filename):
            lines = traceback.format_exception_only(type(error), error)
            yield from (line for line in lines if line.startswith("  "))
        if index > 0:
            yield headline(error) + "\n"
            if chain[index - 1].__cause__ is error:
                yield "\nThe above exception was the direct cause of the following exception:\n\n"
            else:
                yield "\nDuring handling of the above exception, another exception occurred:\n\n"


def own_frames(error):
    return [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(frame.filename)]


def is_own(filename):
    return isinstance(filename, str) and filename.startswith("<py-eval ")


def headline(error):
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:
        text = "<exception str() failed>"
    return f"{name}: {text}" if text else name
