"""What a forked child does: run a notebook's cells, then answer questions about its answers.

This is the student's side of the trust boundary. Whatever it says is checked by who asked.
"""

import ast
import contextlib
import io
import random
import resource
import signal
import socket
import sys
import time

import numpy as np
import torch
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from autograder.checking import plain, probe
from autograder.checking.contract import Case, Contract

from . import earlier, wire

MAX_OUTPUTS = 200
"""Outputs of one cell."""
MAX_PRINTED = 100_000
"""Characters that one cell may print before the rest is dropped."""
MAX_SHOWN = 2**21
"""Characters of all values and pictures that one cell displays."""
RUNAWAY = 50_000_000
"""Characters after which a cell that prints is stopped: it has no end."""
SHOWN_FRAMES = 10
"""Frames shown of each end of a long traceback."""
RESERVED = 128 * 2**20
"""Bytes of memory that cells can't fill: they are there for the answers."""
TOGETHER = 0.05
"""Seconds for which observations wait to be told together."""
KEPT = ("text/plain", "image/png")
"""What is kept of a displayed value: nothing that a browser would run."""


FIRST_USES = (
    "1 + 1",
    "print(1)",
    "def f():\n    raise ValueError(1)\nf()",
    "1 +",
    """import numpy as np
import torch

def function(x):
    return np.concatenate([np.tanh(x @ x.T), x * x]), x.sum(axis=0)

class Module(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(size, size).uniform_(-1, 1))

    def forward(self, x):
        a, b = torch.nn.functional.linear(x, self.weight).chunk(2, dim=-1)
        return torch.stack([a * torch.tanh(b), torch.sigmoid(a)])
""",
)
"""Cells that use, for the first time, what takes long the first time. PyTorch has one thread and
starts no other for them: threads would be missing in the children."""
NUMBERS = np.ones((2, 2))
FIRST_ANSWERS = (
    (Contract("function", "numpy", "function", ("a", "b"), {}, ()), {"x": NUMBERS}),
    (
        Contract("Module", "torch", "module", "a", {}, ()),
        {"init": {"size": 2}, "parameters": {"weight": NUMBERS}, "arguments": {"x": NUMBERS}},
    ),
)
"""Answers that these cells define, and what to ask of each."""
FIRST_CASES = 10
"""How often it is asked: so often Python has the code of the questions at its quickest."""


class TimeUp(BaseException):
    """The cell or answer took too long; no ``except Exception`` of the student's stops it."""


class TooMuchOutput(BaseException):
    """The cell prints without end."""


OURS = (TimeUp, TooMuchOutput)


class Recorder:
    """The outputs of one cell, within limits, in the form of a notebook's outputs."""

    def __init__(self):
        self.outputs = []
        self._printed = self._shown = 0
        self.failed = False

    def stream(self, name, text):
        """Take what was printed; only so much of it is kept."""
        room = MAX_PRINTED - self._printed
        self._printed += len(text)
        if self._printed > RUNAWAY:
            raise TooMuchOutput(f"the cell printed more than {RUNAWAY:,} characters")
        if room <= 0 or not text:
            return
        if len(text) > room:
            text = text[:room] + "\n… the rest of what was printed is left out"
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") == name:
            last["text"] += text
        else:
            self._add({"output_type": "stream", "name": name, "text": text})

    def show(self, kind, data):
        """Take a displayed value: its plain text or picture."""
        kept = {mime: data[mime] for mime in KEPT if isinstance(data.get(mime), str)}
        self._shown += sum(map(len, kept.values()))
        if kept and self._shown <= MAX_SHOWN:
            self._add({"output_type": kind, "data": kept})

    def error(self, kind, value, traceback):
        """Take an error that ended the cell."""
        self.failed = True
        try:
            said = str(value)[:2000]
        except Exception:
            said = ""
        if issubclass(kind, OURS):
            # The innermost lines are not the student's but the alarm's.
            traceback = [f"{kind.__name__}: {said}"]
        lines = [str(line)[:5000] for line in traceback[-40:]]
        self._add(
            {"output_type": "error", "ename": kind.__name__, "evalue": said, "traceback": lines}
        )

    def _add(self, output):
        if len(self.outputs) < MAX_OUTPUTS:
            self.outputs.append(output)


class _Stream(io.TextIOBase):
    """What the student's code finds as sys.stdout or sys.stderr."""

    encoding = "utf-8"

    def __init__(self, shell, name):
        self._shell, self._name = shell, name

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._shell.recorder.stream(self._name, text)
        return len(text)


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, **_):
        self.shell.recorder.show("display_data", data)

    def clear_output(self, wait=False):
        self.shell.recorder.outputs.clear()


class _Hook(DisplayHook):
    def start_displayhook(self):
        pass

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.recorder.show("execute_result", format_dict)

    def finish_displayhook(self):
        pass


class _Compiler(CachingCompiler):
    """IPython's compiler, which doesn't parse again what has just been read."""

    _read = None, None

    def reads(self, cell):
        """Whether Python can read a cell, which is to be compiled next."""
        self._read = None, None
        try:
            self._read = cell, self.ast_parse(cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True

    def ast_parse(self, source, *more, **options):
        (cell, tree), self._read = self._read, (None, None)
        return tree if source == cell else super().ast_parse(source, *more, **options)


class NotebookShell(InteractiveShell):
    """IPython as a notebook has it, without kernel, history, threads or terminal."""

    recorder = None

    @classmethod
    def ready(cls):
        """The shell of this process, everything that is slow the first time already done once."""
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.xmode = "Context"
        config.InteractiveShell.display_pub_class = _Publisher
        probe.watch_threads()
        probe.watch_operators()
        kinds = {"display_pub_class": _Publisher, "displayhook_class": _Hook}
        shell = cls.instance(config=config, compiler_class=_Compiler, **kinds)
        shell.rehearse()
        shell.reset(new_session=True)
        shell.execution_count = 1
        return shell

    def rehearse(self):
        """Do once what each child will be asked to do."""
        ours, theirs = socket.socketpair()
        cells = [(str(k), source) for k, source in enumerate(FIRST_USES)]
        wire.send(ours, {"run": cells, "seconds": 60.0})
        for contract, inputs in FIRST_ANSWERS:
            cases = [vars(Case("", inputs, initial=True))] * FIRST_CASES
            wire.send(ours, {"observe": contract.to_plain(), "cases": cases})
            wire.send(ours, {"helpers": {}, "seconds": 60.0, "at_once": False})
        ours.shutdown(socket.SHUT_WR)
        with ours, theirs:
            serve(theirs, self, ())

    def run_line_magic(self, magic_name, line, _stack_depth=1):
        """Run a command of IPython; where it fails it says so, and the cell goes on."""
        try:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        except Exception as error:
            print(f"%{magic_name} failed: {type(error).__name__}: {error}", file=sys.stderr)

    def transform_ast(self, node):
        """Let a cell go on where an import at its top asks for a module that isn't here."""
        node = super().transform_ast(node)
        node.body = [part for statement in node.body for part in _spared(statement)]
        return node

    def enable_gui(self, gui=None):
        """Do nothing: ``%matplotlib`` asks for the loop of a window, and there is none."""

    def system(self, cmd):
        """Start no program, and say so; the cell goes on, as it does where a program fails."""
        print(f"not started: {cmd[:100]}. Grading starts no programs", file=sys.stderr)
        self.user_ns["_exit_code"] = 1

    def getoutput(self, cmd, split=True, depth=0):
        """Start no program, and say so; nothing comes of it."""
        self.system(cmd)
        return SList() if split else ""

    @contextlib.contextmanager
    def _tee(self, channel):
        # IPython would keep all that is printed a second time, without limit.
        yield

    def _get_exc_info(self, exc_tuple=None):
        # Endless recursion leaves thousands of frames, which would take seconds to be shown.
        kind, value, top = super()._get_exc_info(exc_tuple)
        frames = []
        while top is not None:
            frames.append(top)
            top = top.tb_next
        if len(frames) > 2 * SHOWN_FRAMES:
            frames[SHOWN_FRAMES - 1].tb_next = frames[-SHOWN_FRAMES]
        return kind, value, frames[0] if frames else None

    def transform_cell(self, raw_cell):
        # What Python can read is left as it is by IPython too, which takes ten times as long.
        cell = raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"
        if self.compile.reads(cell):
            return cell
        return super().transform_cell(raw_cell)

    def should_run_async(self, raw_cell, **more):
        # Only these words make a cell asynchronous; IPython compiles each cell to find out.
        words = "await" in raw_cell or "async" in raw_cell
        return words and super().should_run_async(raw_cell, **more)

    def _showtraceback(self, etype, evalue, stb):
        self.recorder.error(etype, evalue, stb)

    def execute(self, source):
        """Run one cell.

        Parameters
        ----------
        source : str

        Returns
        -------
        Recorder, with the cell's outputs
        """
        self.recorder = Recorder()
        out, err = _Stream(self, "stdout"), _Stream(self, "stderr")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                self.run_cell(source, store_history=True)
            except BaseException as error:
                # Raised outside the student's code, or while its error was being shown.
                self.recorder.error(type(error), error, [f"{type(error).__name__}: {error}"])
        return self.recorder


SPARED = """
try:
    pass
except ModuleNotFoundError as _missing:
    __import__("sys").stderr.write(f"{_missing}. The cell goes on without it\\n")
"""


def _spared(statement):
    """A statement; around each import of one, what says that the module isn't here."""
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return [statement]
    if isinstance(statement, ast.ImportFrom):
        if statement.module == "__future__":  # which must come first
            return [statement]
        imports = [statement]
    else:
        imports = [ast.Import([alias]) for alias in statement.names]
    spared = []
    for one in imports:
        (tried,) = ast.parse(SPARED).body
        for node in ast.walk(tried):
            ast.copy_location(node, statement)
        tried.body = [ast.copy_location(one, statement)]
        spared.append(tried)
    return spared


@contextlib.contextmanager
def time_limit(seconds, allowed):
    """Raise TimeUp in the main thread after so many seconds, the rest of those allowed."""

    def stop(signum, frame):
        raise TimeUp(
            f"it was still running after {allowed:g} seconds, which is all the time it has"
        )

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def serve(sock, shell, layers):
    """Answer requests until the other side closes.

    Parameters
    ----------
    sock : connected socket; requests are ``{"run": [[name, source], …], "seconds": …}`` and
        ``{"observe": contract, "cases": […]}``, which ``{"helpers": …, "seconds": …}`` follows
    shell : NotebookShell
    layers : names of the sandbox's layers that are in force
    """
    wire.send(sock, {"layers": list(layers)})
    while True:
        try:
            request = wire.receive(sock)
        except wire.Closed:
            return
        _seed()
        if "run" in request:
            _keep_back(RESERVED)
            for name, source in request["run"]:
                _run(sock, shell, name, source, request["seconds"])
        else:
            _keep_back(0)
            _observe(sock, shell.user_ns, request | wire.receive(sock))


def _seed():
    """Let what is drawn by chance without a seed be the same when it is graded again."""
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)


def _keep_back(size):
    """Let this process have all the memory that its sandbox allows but so many bytes."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (most - size, most))


def _run(sock, shell, name, source, seconds):
    recorder = Recorder()
    try:
        with time_limit(seconds, seconds):
            recorder = shell.execute(source)
    except TimeUp as error:
        recorder.error(TimeUp, error, [f"TimeUp: {error}"])
    wire.send(sock, {"cell": name, "outputs": recorder.outputs, "failed": recorder.failed})


def _observe(sock, namespace, request):
    """Observe an answer on each case and report it, until its time is up."""
    contract = Contract.from_plain(request["observe"])
    helpers = {
        name: probe.stand_in(how) if "." in how else earlier.stand_in(sock, name, how)
        for name, how in request["helpers"].items()
    }
    until = time.monotonic() + request["seconds"]
    waiting, last = b"", 0.0
    for case in request["cases"]:
        said, ended = _said_of(
            contract, namespace, Case(**case), helpers, until, request["seconds"]
        )
        waiting += _frame(said)
        # Each message wakes the other side: what is quick is told together, but for the first. So
        # where nothing has come, it was the first case that ended this process.
        if ended or request["at_once"] or time.monotonic() - last > TOGETHER:
            wire.send_frame(sock, waiting)
            waiting, last = b"", time.monotonic()
        if ended:
            return
    wire.send_frame(sock, waiting)


def _frame(said):
    """The message on one case, or that it is longer than who asks would read."""
    text, raw = plain.pack(said)
    if len(text) > wire.ANSWER["max_text"] or len(raw) > wire.ANSWER["max_raw"]:
        size = f"{len(text) + len(raw):,} bytes"
        message = f"what it returned takes {size}, far more than is asked for"
        return wire.frame({"stopped": "TooMuch", "message": message})
    return wire.frame_of(text, raw)


def _said_of(contract, namespace, case, helpers, until, seconds):
    """The message on one case, and whether the answer's time is up."""
    try:
        with time_limit(until - time.monotonic(), seconds):
            observation = probe.observe(contract, namespace, case, helpers)
    except BaseException as error:
        said = {"stopped": type(error).__name__, "message": str(error)[:500]}
        return said, isinstance(error, TimeUp)
    problem = observation["problem"]
    ended = problem is not None and problem["type"] == TimeUp.__name__
    if ended:
        # The innermost line is not the student's but the alarm's.
        problem["line"] = ""
    return {"observation": observation}, ended
