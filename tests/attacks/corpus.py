"""Hostile submissions: each a few lines, what it tries, and what must come of it.

The lines take the place of one solution cell or of several; nothing in the notebook is solved but
what ``solved`` says. None may earn a point that its answers don't deserve, read or change anything
outside, or touch the grade of another.
"""

from dataclasses import dataclass

CELL = "sigmoid"
"""The first solution cell, which the hostile lines replace: they run before all others."""
WRITTEN = "why_two_states"
"""The cell of the question that is answered in words."""


@dataclass(frozen=True)
class Attack:
    """One hostile submission."""

    name: str
    tries: str
    cells: dict[str, str]
    """Hostile lines by the name of the cell whose place they take."""
    solved: bool = False
    """Whether the other cells hold right answers; their points must then come through."""


def attack(name, tries, source, solved=False):
    """Make an attack of lines for ``CELL``, or of a dict of lines by cell."""
    cells = source if isinstance(source, dict) else {CELL: source}
    cells = {cell: lines.strip("\n") + "\n" for cell, lines in cells.items()}
    return Attack(name, tries, cells, solved)


POINTS = [
    attack("builtins-patched", "make every comparison true", """
import builtins
builtins.all = builtins.any = lambda *a, **k: True
builtins.isinstance = lambda *a: True
builtins.len = lambda x: 3
"""),
    attack("numpy-patched", "make NumPy's comparisons say yes", """
import numpy as np
np.allclose = np.array_equal = lambda *a, **k: True
np.isclose = lambda a, b, **k: np.ones(np.shape(a), bool)
np.isfinite = lambda a: np.ones(np.shape(a), bool)
"""),
    attack("torch-patched", "make PyTorch's comparisons say yes", """
import torch
torch.equal = torch.allclose = lambda *a, **k: True
torch.Tensor.__eq__ = lambda a, b: True
"""),
    attack("judge-imported", "patch the judge", """
import sys
for module in list(sys.modules.values()):
    for name in ("judge", "differs", "_findings", "findings", "_compare"):
        if getattr(module, name, None) is not None:
            try:
                setattr(module, name, lambda *a, **k: [])
            except Exception:
                pass
"""),
    attack("observe-patched", "let the probe say that all is well", """
from autograder.checking import probe
probe.observe = lambda contract, namespace, case, helpers=None: {
    "problem": None, "value": None, "changed": [], "repeats": True, "called": [],
    "gradients": {}, "gradient_problem": None, "initial": {}}
"""),
    attack("same-patched", "switch the probe's own comparisons off", """
from autograder.checking import probe
probe.same = probe._same = lambda a, b: True
"""),
    attack("empty-observations", "answer with observations of nothing", """
from autograder.grading import child, wire
child._observe = lambda sock, namespace, request: [
    wire.send(sock, {"observation": {}}) for _ in request["cases"]]
"""),
    attack("verdict-sent", "send a verdict where an observation is asked for", """
from autograder.grading import child, wire
child._observe = lambda sock, namespace, request: [
    wire.send(sock, {"verdict": "pass", "status": "pass", "points": 100, "observation": "pass"})
    for _ in request["cases"]]
"""),
    attack("stage-forged", "say that it was stopped where only the last part is lost", """
from autograder.checking import plain
def pack(said, real=plain.pack):
    if isinstance(said, dict) and "observation" in said:
        problem = {"stage": "initial", "type": "", "message": "", "line": ""}
        said["observation"] |= {"problem": problem, "value": None}
    return real(said)
plain.pack = pack
"""),
    attack("inputs-sent-back", "send the inputs back as outputs", """
from autograder.grading import child, wire
def lie(sock, namespace, request):
    for case in request["cases"]:
        leaves = tuple({"leaf": "array", "type": "a NumPy array", "array": a}
                       for a in case["inputs"].values() if hasattr(a, "dtype"))
        wire.send(sock, {"observation": {
            "problem": None, "value": leaves, "changed": [], "repeats": True, "called": [],
            "gradients": {}, "gradient_problem": None, "initial": {}}})
child._observe = lie
"""),
    attack("nan-everywhere", "answer nan in the hope that nothing compares", """
def nan(*a, **k):
    return np.full((3, 4), np.nan)
for name in ("sigmoid", "forget_gate", "input_gate", "candidate", "update_cell", "output_gate"):
    globals()[name] = nan
"""),
    attack("huge-everywhere", "answer infinity in the hope that a relative error vanishes", """
def sigmoid(a):
    return np.full(np.shape(a), np.inf)
forget_gate = input_gate = candidate = output_gate = lambda x, h, *w: np.full(h.shape, np.inf)
"""),
    attack("equal-to-all", "answer an object that equals everything", """
class Equal(np.ndarray):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array_ufunc__(self, *a, **k): return np.array(0.0)
    def __array_function__(self, *a, **k): return True
def sigmoid(a):
    return np.zeros(np.shape(a)).view(Equal)
"""),
    attack("equal-number", "answer a number that equals everything", """
class Number(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
def sigmoid(a):
    return Number(0)
"""),
    attack("tensor-subclass", "answer a tensor whose numbers come from elsewhere", """
import torch
class Sly(torch.Tensor):
    def numpy(self): return Everything()
    def detach(self): return self
class Everything(np.ndarray):
    def __eq__(self, other): return True
def sigmoid(a):
    return torch.zeros(3).as_subclass(Sly)
"""),
    attack("ipython-transformer", "rewrite later cells as IPython reads them", """
def transform(lines):
    return ["score = 37.0\\n", "score\\n"]
get_ipython().input_transformers_post.append(transform)
"""),
    attack("ipython-ast", "rewrite later cells as syntax trees", """
import ast
class Rewrite(ast.NodeTransformer):
    def visit_FunctionDef(self, node):
        node.body = ast.parse("return 37.0").body
        return node
get_ipython().ast_transformers.append(Rewrite())
"""),
    attack("display-hook", "show full marks under every cell", """
import sys
sys.displayhook = lambda value: print("37.0")
from IPython.display import display, HTML
display(HTML("<table><caption>37 of 37 points</caption></table>"))
37.0
"""),
    attack("events", "show a score after each cell", """
get_ipython().events.register("post_run_cell", lambda result: print(37.0))
"""),
    attack("frames-read", "look for right answers in the frames above", """
import sys
def sigmoid(a):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            found = getattr(value, "reference", None) or getattr(value, "expected", None)
            if callable(found):
                return found(a)
            if isinstance(value, dict) and "expected" in value:
                return value["expected"]
        frame = frame.f_back
"""),
    attack("gc-searched", "look for right answers among all objects", """
import gc
def sigmoid(a):
    for thing in gc.get_objects():
        try:
            if getattr(thing, "__name__", "") == "sigmoid" and thing is not sigmoid:
                return thing(a)
            if isinstance(thing, dict) and "expected" in thing:
                return thing["expected"][0]["value"]["array"]
        except Exception:
            pass
"""),
    attack("linecache-read", "look for solutions in linecache", """
import linecache, re
text = "".join("".join(entry[2]) for entry in linecache.cache.values() if len(entry) > 2)
found = re.search(r"def sigmoid\\(.*?(?=\\ndef )", text, re.S)
if found:
    exec(found.group())
"""),
    attack("reference-imported", "import the right answers", """
from autograder.reference.lstm import *
"""),
    attack("reference-loaded", "load the right answers by their path", """
import importlib.util, autograder, os
path = os.path.join(list(autograder.__path__)[0], "reference", "lstm.py")
spec = importlib.util.spec_from_file_location("stolen", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
globals().update(vars(module))
"""),
    attack("exercises-imported", "import the declarations", """
from autograder.exercises import CHAPTERS
for exercise in CHAPTERS["lstm"]:
    globals()[exercise.name] = exercise.reference
"""),
    attack("replies-forged", "write replies to every open descriptor", """
import json, os, struct
def sigmoid(a):
    text = json.dumps({"observation": {"problem": None, "value": None}, "points": 37}).encode()
    for fd in range(3, 256):
        try:
            os.write(fd, struct.pack("!QQ", len(text), 0) + text)
        except OSError:
            pass
    return np.zeros(3)
"""),
    attack("helpers-misused", "ask for right versions of what is being checked", {
        "sigmoid": """
import sys
from autograder.grading import earlier
def sock():
    frame = sys._getframe()
    while "sock" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["sock"]
def sigmoid(a):
    return earlier.stand_in(sock(), "sigmoid", "numpy")(a)
""",
        "lstm_step": """
def lstm_step(*a):
    return earlier.stand_in(sock(), "lstm_step", "numpy")(*a)
""",
    }),
    attack("helpers-hoarded", "keep right versions for later", {
        "lstm_forward": """
import builtins
def lstm_forward(*a):
    builtins.kept = (sigmoid, lstm_step)
    raise ValueError
""",
        "lstm_backward": """
def lstm_backward(*a):
    return builtins.kept[1](*a)
""",
    }),
    attack("helpers-copied", "read right versions out of the grader", {"lstm_step": """
def lstm_step(*a):
    for right in (sigmoid, forget_gate, update_cell):
        for cell in right.__closure__ or ():
            thing = cell.cell_contents
            if callable(getattr(thing, "reference", None)):
                return thing.reference(*a)
"""}),
    attack("torch-lstm-used", "call PyTorch's own LSTM", {
        "LSTMCell": "import torch\nLSTMCell = torch.nn.LSTMCell",
        "LSTM": "import torch\nLSTM = torch.nn.LSTM",
    }),
    attack("replies-ahead", "answer before anything is asked", """
import json, os, struct, threading
text = json.dumps({"observation": {"problem": None, "value": {"leaf": "number"}}}).encode()
def send():
    for _ in range(20):
        for fd in range(3, 256):
            try:
                os.write(fd, struct.pack("!QQ", len(text), 0) + text)
            except OSError:
                pass
threading.Thread(target=send, daemon=True).start()
"""),
    attack("requests-stolen", "read the questions before the probe does", """
import os, threading
def steal():
    while True:
        for fd in range(3, 256):
            try:
                os.read(fd, 1)
            except OSError:
                pass
threading.Thread(target=steal, daemon=True).start()
"""),
    attack("strange-numbers", "answer in types that compare in strange ways", {
        "sigmoid": """
def sigmoid(a):
    return np.ma.masked_all(np.shape(a))
""",
        "forget_gate": """
def forget_gate(x, h, *w):
    return np.zeros(h.shape, dtype=">f2")
""",
        "input_gate": """
def input_gate(x, h, *w):
    return np.full(h.shape, np.longdouble("nan"))
""",
        "candidate": """
def candidate(x, h, *w):
    return np.zeros(h.shape, dtype=[("real", "f8")])
""",
    }),
    attack("public-cases-memorised", "answer the public cases by heart", """
import sys
cases = sys.modules["check"].check._exercises["sigmoid"]
def sigmoid(a):
    for case, seen in zip(cases["cases"], cases["expected"]):
        if np.array_equal(case["inputs"]["a"], a):
            return seen["value"]["array"]
    return cases["expected"][0]["value"]["array"]
"""),
    attack("random-seeded", "make the hidden inputs foreseeable", """
import random, secrets
import numpy as np
np.random.seed(0); random.seed(0)
secrets.randbits = lambda n: 0
np.random.default_rng = lambda *a, **k: 0
"""),
    attack("metaclass", "build modules that are whatever is asked", """
import torch
class Meta(type):
    def __instancecheck__(cls, thing): return True
    def __subclasscheck__(cls, other): return True
    def __getattr__(cls, name): return lambda *a, **k: None
class LSTMCell(metaclass=Meta):
    def __getattr__(self, name): return lambda *a, **k: None
LSTM = LSTMCell
"""),
    attack("no-output-at-all", "end without a word", """
raise SystemExit(0)
"""),
    attack("lstm-elsewhere", "use an LSTM of PyTorch's that has another name", {"LSTMCell": """
from torch.ao.nn.quantizable.modules.rnn import _LSTMSingleLayer as Layer
class LSTMCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        k = hidden_size ** -0.5
        for name, more in (("weight_ih", (input_size,)), ("weight_hh", (hidden_size,)),
                           ("bias_ih", ()), ("bias_hh", ())):
            new = torch.empty(4 * hidden_size, *more).uniform_(-k, k)
            setattr(self, name, nn.Parameter(new))
    def forward(self, x_t, state):
        layer = Layer(x_t.shape[1], state[0].shape[1])
        named = {"cell.igates.weight": self.weight_ih, "cell.igates.bias": self.bias_ih,
                 "cell.hgates.weight": self.weight_hh, "cell.hgates.bias": self.bias_hh}
        return torch.func.functional_call(layer, named, (x_t[None], state))[1]
"""}),
    attack("lstm-in-a-text", "hide PyTorch's own function in a text", {"LSTMCell": """
unit = torch.jit.CompilationUnit('''
def step(x, hc: List[Tensor], wi, wh, bi, bh):
    return torch.lstm_cell(x, hc, wi, wh, bi, bh)
''')
class LSTMCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        k = hidden_size ** -0.5
        for name, more in (("weight_ih", (input_size,)), ("weight_hh", (hidden_size,)),
                           ("bias_ih", ()), ("bias_hh", ())):
            new = torch.empty(4 * hidden_size, *more).uniform_(-k, k)
            setattr(self, name, nn.Parameter(new))
    def forward(self, x_t, state):
        return unit.step(x_t, list(state), *self.parameters())
"""}),
    attack("lstm-compiled", "let PyTorch compile its own LSTM, past the watch", {"LSTMCell": """
kinds = []
kinds.append(nn.LSTMCell)
def LSTMCell(input_size, hidden_size):
    return torch.jit.script(kinds[0](input_size, hidden_size))
"""}),
    attack("lstm-behind-an-import", "import another module by PyTorch's name", {"LSTMCell": """
def LSTMCell(input_size, hidden_size):
    return torch.jit.script(nn.LSTMCell(input_size, hidden_size))
def unused():
    import math as nn
"""}),
    attack("lstm-on-a-base-class", "hang PyTorch's LSTM on another class", {"LSTMCell": """
M = nn.Module
M.make = nn.LSTMCell
def LSTMCell(input_size, hidden_size):
    return torch.jit.script(nn.Module.make(input_size, hidden_size))
"""}),
    attack("watch-switched-off", "switch off what the watch is told by, for good", {"LSTMCell": """
back = []
back.append(torch)
getattr(back[0]._C, "Disable" + "TorchFunction")().__enter__()
def LSTMCell(input_size, hidden_size):
    return back[0].nn.LSTMCell(input_size, hidden_size)
"""}),
    attack("autograd-by-ipython", "have IPython name PyTorch, for gradients in NumPy", {
        "lstm_backward": """
%time box = [torch]
def lstm_backward(d_output, d_h_n, d_c_n, *arrays):
    t = box[0]
    with t._C.DisableTorchFunction():
        names = "x h0 c0 weight_ih weight_hh bias_ih bias_hh".split()
        x, h0, c0, *weights = all = [t.from_numpy(a.copy()).requires_grad_() for a in arrays]
        seen = t._VF.lstm(x, [h0[None], c0[None]], weights, True, 1, 0.0, False, False, False)
        told = d_output, d_h_n[None], d_c_n[None]
        j = sum((a * t.from_numpy(d.copy())).sum() for a, d in zip(seen, told))
        return {n: v.numpy() for n, v in zip(names, t.autograd.grad(j, all))}
"""}),
    attack("gradients-by-differences", "get gradients out of the grader's own right forward pass", {
        "lstm_backward": """
def lstm_backward(d_output, d_h_n, d_c_n, *given):
    names = "x", "h0", "c0", "weight_ih", "weight_hh", "bias_ih", "bias_hh"
    given = [np.asarray(a, dtype=float) for a in given]
    def loss(args):
        output, (h_n, c_n) = lstm_forward(*args)
        return (output * d_output).sum() + (h_n * d_h_n).sum() + (c_n * d_c_n).sum()
    def slope(k, at, step):
        there = [[*given[:k], given[k].copy(), *given[k + 1:]] for _ in range(2)]
        there[0][k][at] += step
        there[1][k][at] -= step
        return (loss(there[0]) - loss(there[1])) / (2 * step)
    grads = {}
    for k, name in enumerate(names):
        grads[name] = np.zeros(given[k].shape)
        for at in np.ndindex(given[k].shape):
            far, near = slope(k, at, 2e-3), slope(k, at, 1e-3)
            grads[name][at] = (4 * near - far) / 3
    return grads
"""}),
]  # fmt: skip
"""Points without solving."""

READING = [
    attack(f"reads-{name}", f"read {what}", f"""
import glob, os
got = ""
for path in {paths}:
    for found in glob.glob(path) or [path]:
        try:
            got += open(found, errors="replace").read(500) + str(os.listdir(os.path.dirname(found)))
        except OSError as error:
            pass
assert not got, "LEAK " + got
""")
    for name, what, paths in (
        ("sources", "the solutions", '["ROOT/solutions/*", "COURSE/source/*/*"]'),
        ("grader", "the grader", '["ROOT/autograder/*/*.py", "ROOT/pyproject.toml"]'),
        ("gradebook", "the gradebook", '["COURSE/gradebook.db", "/proc/self/cwd/../gradebook.db"]'),
        ("submissions", "other submissions", '["COURSE/submitted/*/*/*", "../../*/*/*.ipynb"]'),
        ("receipts", "receipts", '["COURSE/receipts/*/*/*", "COURSE/autograded/*/*/*"]'),
        ("accounts", "the accounts of the machine", '["/etc/passwd", "/etc/shadow", "/root/*"]'),
        ("home", "the instructor's home", '["/home/*/*", "/root/.*", "~/.ssh/*"]'),
        ("others", "memory of other processes", '["/proc/[1-9]*/environ", "/proc/*/maps"]'),
        ("parent", "the warm parent", 'GETPPID'),
    )
]  # fmt: skip
"""Reading what isn't theirs: what is read shows up in the cell's error."""

READING += [
    attack(
        "reads-environment",
        "read the instructor's environment",
        """
import os, ctypes
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
assert "COURSE_SECRET" not in os.environ, "LEAK environment"
assert libc.getenv(b"COURSE_SECRET") is None, "LEAK environment"
""",
    ),
    attack(
        "reads-descriptors",
        "read every open descriptor",
        """
import os
for fd in range(3, 256):
    try:
        os.set_blocking(fd, False)
        got = os.read(fd, 100)
    except OSError:
        continue
    assert not got, "LEAK " + repr(got)
""",
    ),
]

WRITING = [
    attack(
        "writes-everywhere",
        "write where others would find it",
        """
import os
wrote = []
for path in ("COURSE/gradebook.db", "COURSE/submitted/x", "/tmp/attack", "/var/tmp/attack",
             "ROOT/attack", "/dev/shm/attack", "/etc/attack", os.__file__, np.__file__):
    if os.path.realpath(path).startswith(os.environ["HOME"] + "/"):
        continue
    try:
        open(path, "a").write("x")
        wrote.append(path)
    except OSError:
        pass
assert not wrote, "LEAK " + str(wrote)
""",
    ),
    attack(
        "links-out",
        "put links into the private directory",
        """
import os
for number, target in enumerate(("/etc/passwd", "COURSE", "/")):
    os.symlink(target, f"link{number}")
    try:
        assert not os.listdir(f"link{number}"), "LEAK"
    except OSError:
        pass
""",
    ),
    attack(
        "deletes",
        "delete what it can reach",
        """
import os, shutil
for path in ("COURSE", "ROOT/autograder", "/tmp", os.path.dirname(np.__file__)):
    shutil.rmtree(path, ignore_errors=True)
""",
    ),
    attack(
        "locks-its-directory",
        "leave a directory that can't be removed",
        """
import os
os.makedirs("a/b/c")
open("a/b/c/file", "w").write("x")
os.chmod("a/b", 0); os.chmod("a", 0); os.chmod(".", 0)
""",
    ),
    attack(
        "permissions",
        "change modes and owners",
        """
import os
for path in ("COURSE/gradebook.db", np.__file__, "/tmp"):
    for change in (lambda: os.chmod(path, 0o777), lambda: os.chown(path, 0, 0)):
        try:
            change()
        except OSError:
            pass
""",
    ),
]
"""Writing outside."""

NETWORK = [
    attack(f"network-{name}", f"send something out by {name}", f"""
import socket
try:
    s = socket.socket({kind})
    s.settimeout(0.5)
    s.{call}
    got = "sent"
except OSError:
    got = ""
assert not got, "LEAK network"
""")
    for name, kind, call in (
        ("tcp", "socket.AF_INET, socket.SOCK_STREAM", 'connect(("127.0.0.1", PORT))'),
        ("tcp6", "socket.AF_INET6, socket.SOCK_STREAM", 'connect(("::1", PORT))'),
        ("udp", "socket.AF_INET, socket.SOCK_DGRAM", 'sendto(b"x", ("127.0.0.1", PORT))'),
        ("unix", "socket.AF_UNIX, socket.SOCK_STREAM", 'connect("COURSE/socket")'),
        ("abstract", "socket.AF_UNIX, socket.SOCK_STREAM", 'connect("\\0course")'),
        ("listen", "socket.AF_INET, socket.SOCK_STREAM", 'bind(("0.0.0.0", 0)) or s.listen()'),
        ("netlink", "socket.AF_NETLINK, socket.SOCK_RAW, 0", "bind((0, 0))"),
    )
]  # fmt: skip
"""Network."""

HARM = [
    attack("fork-bomb", "fork without end", """
import os
while True:
    os.fork()
""", solved=True),
    attack("thread-bomb", "start threads without end", """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
""", solved=True),
    attack("memory", "fill the memory", """
hoard = []
while True:
    hoard.append(bytearray(50_000_000))
""", solved=True),
    attack("memory-in-an-answer", "fill the memory when called", """
def sigmoid(a):
    return np.ones(10**11)
""", solved=True),
    attack("disk", "fill the disk", """
with open("big", "wb") as file:
    while True:
        file.write(bytes(10_000_000))
""", solved=True),
    attack("many-files", "fill a directory with files", """
n = 0
while True:
    open(f"file{n}", "w").close()
    n += 1
""", solved=True),
    attack("output", "print without end", """
while True:
    print("x" * 10_000)
""", solved=True),
    attack("raw-output", "write to the standard streams without end", """
import os
for _ in range(20_000):
    os.write(1, b"x" * 10_000); os.write(2, b"x" * 10_000)
""", solved=True),
    attack("displays", "display without end", """
from IPython.display import display
for _ in range(5_000):
    display("x" * 10_000)
""", solved=True),
    attack("loop", "never end", """
while True:
    pass
""", solved=True),
    attack("loop-signals-ignored", "never end, deaf to signals", """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""", solved=True),
    attack("loop-in-c", "never end inside C", """
10 ** 10 ** 10
""", solved=True),
    attack("exit", "end the process", """
import os
os._exit(0)
""", solved=True),
    attack("exit-in-an-answer", "end the process when called", """
import os
def sigmoid(a):
    os._exit(0)
""", solved=True),
    attack("segfault", "crash", """
import ctypes
ctypes.string_at(1)
""", solved=True),
    attack("abort", "abort", """
import os
os.abort()
""", solved=True),
    attack("recursion", "recurse without end", """
def deeper():
    return deeper()
deeper()
""", solved=True),
    attack("recursion-unlimited", "overflow the stack", """
import sys
sys.setrecursionlimit(10**9)
def deeper(n):
    return [deeper(n + 1)]
deeper(0)
""", solved=True),
    attack("kills-parent", "kill the warm parent", """
import os, signal
for pid in (os.getppid(), os.getpgid(0), 1, -1):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
""", solved=True),
    attack("kills-all", "kill everything it can name", """
import os, signal
for pid in range(2, 70_000):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
"""),
    attack("huge-reply", "answer with more than can be taken", """
def sigmoid(a):
    return {str(k): np.zeros(900_000) for k in range(90)}
""", solved=True),
    attack("large-every-time", "answer every case with as much as is taken", """
from autograder.checking import plain
def pack(said, real=plain.pack):
    if isinstance(said, dict) and "observation" in said:
        large = {"leaf": "array", "type": "", "array": np.ones(131_000)}
        said["observation"] |= {"problem": None, "value": [large]}
    return real(said)
plain.pack = pack
"""),
    attack("many-parts", "answer every case with thousands of empty lists", """
from autograder.checking import plain
def pack(said, real=plain.pack):
    if isinstance(said, dict) and "observation" in said:
        said["observation"] |= {"problem": None, "value": [[]] * 60_000}
    return real(said)
plain.pack = pack
"""),
    attack("endless-header", "announce a message of 2**64 bytes", """
import os, struct
def sigmoid(a):
    for fd in range(3, 256):
        try:
            os.write(fd, struct.pack("!QQ", 2**64 - 1, 2**64 - 1))
        except OSError:
            pass
""", solved=True),
    attack("descriptors-closed", "close every descriptor", """
import os
os.closerange(0, 256)
""", solved=True),
    attack("trace", "slow everything down by tracing", """
import sys
def trace(*a):
    sum(range(500))
    return trace
sys.settrace(trace)
"""),
    attack("hostile-error", "raise an error that can't be shown", """
class Hostile(Exception):
    def __str__(self): raise SystemExit
    def __repr__(self): import os; os._exit(1)
    __class__ = property(lambda self: 1 / 0)
raise Hostile
""", solved=True),
    attack("hostile-value", "return a value that can't be looked at", """
class Hostile:
    def __getattribute__(self, name): raise KeyboardInterrupt
    def __repr__(self): raise KeyboardInterrupt
def sigmoid(a):
    return Hostile()
""", solved=True),
    attack("deep-value", "return a value nested without end", """
def sigmoid(a):
    deep = []
    for _ in range(10**6):
        deep = [deep]
    return deep
""", solved=True),
    attack("circular-value", "return a value that holds itself", """
def sigmoid(a):
    loop = []
    loop.append(loop)
    return loop
""", solved=True),
    attack("script-in-words", "put a script into a written answer", {WRITTEN: """
<script>alert(1)</script> <img src=x onerror=alert(1)> <svg/onload=alert(1)>
"""}),
    attack("address-in-words", "put an address that runs into a written answer", {WRITTEN: """
[a](javascript:alert(1)) [b](javascript&colon;alert(1)) [c](java&Tab;script:alert(1))
[d](&#106;avascript:alert(1)) ![e](data&colon;text/html,x) [f](JaVaScRiPt&#x3a;alert(1)) [g]
[h](javascript\\:alert(1)) [i](javascript&colon\\;alert(1)) ![j](data\\:image/svg+xml,x) [k][l]

[g]: javascript&colon;alert(1)
[l]:
javascript\\:alert(1)
"""}),
    attack("pictures-in-words", "be told who reads a written answer", {WRITTEN: """
![a](http://127.0.0.1:PORT/a) ![b][c] [![d](http://127.0.0.1:PORT/d)](http://127.0.0.1:PORT/e)
![f](attachment:none.png)

[c]: http://127.0.0.1:PORT/c
"""}),
    attack("tex-in-words", "let MathJax make a link or a style in a written answer", {WRITTEN: r"""
$\href{javascript:alert(1)}{x}$ $\def\x#1{\href{java#1}{y}}\x{script:alert(1)}$
$$\newcommand{\z}[1]{\style{position:fixed;#1}{a}} \require{html} \z{top:0}$$
"""}),
    attack("picture-bomb", "show a picture that no browser can hold", """
import base64, struct, zlib
def chunk(kind, data):
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
picture = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(
    b"IHDR", struct.pack("!IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
picture += chunk(b"IDAT", zlib.compress(bytes(10**7))) + chunk(b"IEND", b"")
class Picture:
    def _repr_png_(self): return base64.b64encode(picture).decode()
    def __repr__(self): return "BOMB"
from IPython.display import display
display(Picture())
Picture()
""", solved=True),
    attack("hostile-name", "put markup into what the instructor reads", """
type_ = type("<script>alert(1)</script>", (Exception,), {})
def sigmoid(a):
    raise type_("</td></table><img src=x onerror=alert(1)> \\x1b[2J \\u202e")
"""),
    attack("helpers-endless", "keep the grader busy with right versions", {"lstm_forward": """
def lstm_forward(*a):
    while True:
        try:
            sigmoid(np.zeros(2_000))
        except TypeError:
            pass
"""}, solved=True),
    attack("helpers-long", "make the grader loop over a billion empty steps", {"lstm_backward": """
def lstm_backward(x, h0, c0, *rest):
    for shape in ((2**30, 0, 5), (0, 2**30, 0), (2**39, 0)):
        try:
            lstm_forward(np.zeros(shape), np.zeros((0, 4)), np.zeros((0, 4)), *rest[:4])
        except TypeError:
            pass
    raise ValueError
"""}, solved=True),
    attack("helpers-broadcast", "make much of few numbers in the grader", {"lstm_step": """
def lstm_step(*a):
    n = 900
    update_cell(np.ones((n, 1, 1)), np.ones((n, 1)), np.ones(n), np.ones(1))
    raise ValueError
"""}, solved=True),
    attack("value-never-written", "burn time while the answer is written down", """
class Slow:
    def __array__(self, *a, **k):
        while True: pass
    def __len__(self):
        while True: pass
    __repr__ = __str__ = __iter__ = __array__
def sigmoid(a):
    return Slow()
""", solved=True),
    attack("type-never-named", "burn time while the answer's type is named", """
class Meta(type):
    @property
    def __name__(cls):
        while True: pass
    __qualname__ = __module__ = __name__
class Slow(metaclass=Meta):
    pass
def sigmoid(a):
    return Slow()
""", solved=True),
    attack("wild-pointer", "answer an array that lies at no address", """
class Wild:
    __array_interface__ = {"shape": (10**6,), "typestr": "<f8", "data": (16, False), "version": 3}
def sigmoid(a):
    return np.asarray(Wild())
""", solved=True),
    attack("slow-reply", "answer one byte a second", """
import os, struct, time
def sigmoid(a):
    for byte in struct.pack("!QQ", 1_000, 0) + b" " * 1_000:
        for fd in range(3, 256):
            try:
                os.write(fd, bytes([byte]))
            except OSError:
                pass
        time.sleep(1)
""", solved=True),
    attack("deep-reply", "send JSON that is nested without end", """
import os, struct
def sigmoid(a):
    text = b"[" * 4_000_000
    for fd in range(3, 256):
        try:
            os.write(fd, struct.pack("!QQ", len(text), 0) + text)
        except OSError:
            pass
""", solved=True),
    attack("swollen-reply", "send arrays that are larger than their bytes", """
import os, struct
def sigmoid(a):
    array = b'{"$array": ["<f8", [1099511627775, 1099511627775], 0]}'
    text = b"[" + b",".join([array] * 70_000) + b"]"
    for fd in range(3, 256):
        try:
            os.write(fd, struct.pack("!QQ", len(text), 0) + text)
        except OSError:
            pass
""", solved=True),
    attack("object-reply", "send an array of objects, to be unpickled", """
import os, pickle, struct
class Shell:
    def __reduce__(self): return os.system, ("touch COURSE/attack",)
def sigmoid(a):
    raw = pickle.dumps(Shell())
    for dtype in ("|O", "O8", "|V64", "<U8", "(2,)O", "<f8,O", "O"):
        text = ('{"observation": {"$array": ["%s", [1], 0]}}' % dtype).encode()
        for fd in range(3, 256):
            try:
                os.write(fd, struct.pack("!QQ", len(text), len(raw)) + text + raw)
            except OSError:
                pass
""", solved=True),
    attack("descriptors-passed", "send open files along with the answers", """
import os, socket
def sigmoid(a):
    for fd in range(3, 256):
        try:
            with socket.socket(fileno=os.dup(fd)) as line:
                for _ in range(500):
                    socket.send_fds(line, [b"x"], [0] * 200)
        except OSError:
            pass
""", solved=True),
    attack("thread-left-running", "go on working in the background", """
import threading
def burn():
    while True:
        globals()["sigmoid"] = lambda a: 1 / (1 + np.exp(-a)) * 0
for _ in range(8):
    threading.Thread(target=burn, daemon=True).start()
"""),
    attack("never-leaves", "go on when Python ends", """
import atexit, threading, weakref
def stay(*a):
    while True: pass
atexit.register(stay)
threading._shutdown = stay
weakref.finalize(np, stay)
raise SystemExit(0)
""", solved=True),
    attack("kernel-resources", "use up what all processes share", """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
calls = {"inotify_init1": 294, "memfd_create": 319, "shmget": 29, "semget": 64, "msgget": 68,
         "mq_open": 240, "add_key": 248, "keyctl": 250, "io_uring_setup": 425, "bpf": 321,
         "userfaultfd": 323, "perf_event_open": 298, "fanotify_init": 300, "ptrace": 101,
         "process_vm_readv": 310, "pidfd_open": 434, "unshare": 272, "setns": 308, "mount": 165}
for name, number in calls.items():
    got = libc.syscall(number, 0, 1, 0o1600, 0, 0, 0)
    assert got < 0, "LEAK " + name
""", solved=True),
    attack("shared-memory", "fill the memory file systems of the machine", """
import os, tempfile
for folder in ("/dev/shm", "/run", "/tmp", "/var/tmp", "/run/user/0"):
    if os.path.realpath(folder) == os.environ["HOME"]:
        continue
    try:
        with open(os.path.join(folder, "attack"), "wb") as file:
            file.write(bytes(1_000_000))
    except OSError:
        continue
    assert False, "LEAK " + folder
""", solved=True),
    attack("slow-statements", "keep the reader of the rules busy with many statements", {
        "sigmoid": "def f(): pass\n" + "f.a = 1\n" * 7_000 + "f()\n" * 7_000,
    }, solved=True),
    attack("slow-words", "keep the reader of written answers busy", {
        WRITTEN: r"\\(" * 100_000 + "a" + " " * 100_000 + "b",
    }, solved=True),
    attack("slow-colours", "keep what colours the code of pages busy", {
        "sigmoid": "x = 1" + "\n" * 100_000 + "." * 100_000,
    }, solved=True),
    attack("deep-source", "be read by a parser without end", "x = " + "-" * 100_000 + "1\n"),
    attack("many-brackets", "overflow the parser's stack", "x = " + "(" * 100_000 + "\n"),
    attack("long-chain", "make a tree that is too deep", "x = a" + ".b" * 100_000 + "\n"),
    attack("null-bytes", "hold characters that no source may hold", "x = '\\0'\n\0\n"),
]  # fmt: skip
"""Harm."""

ALL = (*POINTS, *READING, *WRITING, *NETWORK, *HARM)
