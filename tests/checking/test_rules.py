"""What an answer may not use: found by reading, found when it runs, or left to the instructor."""

import dataclasses
import time

import numpy as np
import pytest
import torch

from autograder.checking.contract import Case
from autograder.checking.feedback import as_html, as_text
from autograder.checking.probe import observe
from autograder.checking.reading import MAX_STATEMENTS, MAX_TEXT
from autograder.checking.rules import Reading, forbidden_calls, is_forbidden, read, say_forbidden

from .toy import DOUBLE, SCALE, SEED

NUMPY = DOUBLE.contract
TORCH = dataclasses.replace(SCALE.contract, name="LSTM", uses=("LSTMCell",))
SETUP = "import numpy as np\nimport torch\nfrom torch import nn\n"


def body(*lines):
    return "def double(a):\n" + "\n".join(f"    {line}" for line in lines)


def module(line, before=""):
    text = f"class LSTM(nn.Module):\n    def forward(self, x):\n        {line}\n"
    return before + "\n" + text


FORBIDDEN_NUMPY = {
    "by name": body("return torch.add(a, a)"),
    "imported inside": body("import torch as t", "return t.add(a, a)"),
    "imported from": body("from torch import add", "return add(a, a)"),
    "nn": body("return nn.functional.relu(a)"),
    "getattr": body("return getattr(torch, 'add')(a, a)"),
    "__import__": body("return __import__('torch').add(a, a)"),
    "import_module": body("import importlib", "return importlib.import_module('torch').add(a, a)"),
    "sys.modules": body("import sys", "return sys.modules['torch'].add(a, a)"),
    "eval of a text": body("return eval('torch.add(a, a)')"),
    "an alias outside": "t = torch\n" + body("return t.add(a, a)"),
    "a star": "from torch import *\n" + body("return add(a, a)"),
    "a helper": "def help(a):\n    return torch.add(a, a)\n" + body("return help(a)"),
    "a lambda": "double = lambda a: torch.add(a, a)",
    "the function itself": "double = torch.add",
    "an import of the name": "from torch import add as double",
    "a decorator": "@torch.no_grad()\n" + body("return 2 * a"),
    "a later cell": body("return 2 * a") + "\ndouble = torch.add\n",
    "a global variable": "nn = nn\n" + body("return nn.functional.relu(a)"),
    "a name that is local elsewhere": body("def b(torch): torch = 1", "return torch.add(a, a)"),
    "an import elsewhere of that name": body("return torch.add(a, a)")
    + "\ndef unused():\n    import math as torch\n",
    "an import in one case": "if True:\n    import torch as t\n" + body("return t.add(a, a)"),
    "an import within made global": "def f():\n    global t\n    import torch as t\nf()\n"
    + body("return t.add(a, a)"),
    "what is run where the answer puts something": "class C(dict):\n"
    "    def __setitem__(self, name, a): self.a = torch.add(a, a)\nc = C()\n"
    + body("c['a'] = a", "return a"),
    "what is taken from where others put it": "c = {}\nc['f'] = torch.add\n"
    + body("c['a'] = a", "return c['f'](a, a)"),
    "what a helper takes from there": "c = {}\nc['f'] = torch.add\ndef f(a): return c['f'](a, a)\n"
    + body("c['a'] = a", "return f(a)"),
    "a value named in a match": "match [torch]:\n    case t: pass\n" + body("return t[0].add(a)"),
    "a value named in an expression": "(t := [torch])\n" + body("return t[0].add(a, a)"),
    "a name made by a function": "def f():\n    global t\n    t = [torch]\nf()\n"
    + body("return t[0].add(a, a)"),
    "a name made by IPython": "%time t = torch\n" + body("return t.add(a, a)"),
    "a cell of IPython's": "%%time\nt = torch\n" + body("return t.add(a, a)"),
    "a command in Python": "get_ipython().run_line_magic('time', 't = torch')\n"
    + body("return t.add(a, a)"),
    "another name of NumPy": "n = np\nn.t = torch\n" + body("return np.t.add(a, a)"),
    "another name of itself": body("return double.t.add(a, a)") + "\nd = double\nd.t = torch\n",
    "a text that is timed": "import timeit\ntimeit.timeit('global t; t = torch')\n"
    + body("return t.add(a, a)"),
    "a text in a text": "exec('exec(\"t = torch\")')\n" + body("return t.add(a, a)"),
    "a text in a function": "def f(): exec('global t; t = torch')\nf()\n" + body("return t.add(a)"),
    "a name of a loop within": body("[0 for torch in a]", "return torch.add(a, a)"),
    "a name made global": body("global t", "t = 1", "t = torch", "return t.add(a, a)"),
    "a class": "class Double:\n    def __call__(self, a):\n        return torch.add(a, a)\n"
    "double = Double()",
}

FORBIDDEN_TORCH = {
    "nn.LSTM": module("return nn.LSTM(3, 4)(x)"),
    "torch.nn.LSTM": module("return torch.nn.LSTM(3, 4)(x)"),
    "the long way": module("return torch.nn.modules.rnn.LSTM(3, 4)(x)"),
    "another network": module("return nn.GRU(3, 4)(x)"),
    "a cell": module("return nn.LSTMCell(3, 4)(x)"),
    "an alias": module("return L(3, 4)(x)", "from torch.nn import LSTM as L"),
    "an alias by assignment": module("return L(3, 4)(x)", "L = nn.LSTM"),
    "an alias of an alias": module("return M(3, 4)(x)", "L = nn.LSTM\nM = L"),
    "a base class": "class LSTM(nn.LSTM):\n    pass",
    "the class itself": "LSTM = nn.LSTM",
    "an import": "from torch.nn import LSTM",
    "a function": module("return torch.lstm(x, x, x, True, 1, 0.0, False, False, False)"),
    "a function of a cell": module("return torch.lstm_cell(x, x, x, x)"),
    "_VF": module("return torch._VF.lstm(x)"),
    "_VF imported": module("return _VF.lstm(x)", "from torch import _VF"),
    "ops": module("return torch.ops.aten.lstm(x)"),
    "getattr": module("return getattr(nn, 'LSTM')(3, 4)(x)"),
    "vars": module("return vars(nn)['LSTM'](3, 4)(x)"),
    "__dict__": module("return nn.__dict__['LSTM'](3, 4)(x)"),
    "setattr": module("return x") + "\nsetattr(LSTM, 'forward', nn.LSTM.forward)",
    "an attribute set": module("return x") + "\nLSTM.forward = nn.LSTM.forward",
    "exec": module("return x") + "\nexec('LSTM = nn.LSTM')",
    "an alias inside": module("F = nn.functional; return F._VF.lstm(x)"),
    "an attribute set on PyTorch": module("return torch.tanh(x)")
    + "\nsetattr(torch, 'tanh', nn.LSTM(3, 4))",
    "PyTorch's own dictionary": module("return torch.tanh(x)")
    + "\ntorch.__dict__.update(tanh=nn.LSTM(3, 4))",
    "recurrent code for quantization": module(
        "return Layer(3, 4)(x)",
        "from torch.ao.nn.quantizable.modules.rnn import _LSTMSingleLayer as Layer",
    ),
    "quantization": module("return torch.quantization.quantize_dynamic(self.net)(x)"),
    "decompositions": module(
        "return one_layer_lstm(x, x, [], True)",
        "from torch._decomp.decompositions import one_layer_lstm",
    ),
    "what is private": module("return torch._C._VariableFunctions.tanh(x)"),
    "a name with lstm in it": module("return torch.fused_lstm_x(x)"),
    "text compiled by PyTorch": module(
        "return unit.step(x)",
        'unit = torch.jit.CompilationUnit("""\ndef step(x):\n    return torch.lstm(x)\n""")',
    ),
    "a file that was scripted": module("return net(x)", "net = torch.jit.load('net.pt')"),
    "the hub": module("return torch.hub.load('a/b', 'c')(x)"),
    "an export": module("return torch.export.load('net.pt2').module()(x)"),
    "a name for two": module("return b.LSTM(3, 4)(x)", "a = b = nn"),
    "a star alone": "from torch.nn import *",
    "what another class has": module("return nn.Module.f(3, 4)(x)", "M = nn.Module\nM.f = nn.LSTM"),
    "what a class in a list has": module(
        "return nn.Module.f(3, 4)(x)", "M = [nn.Module]\nM[0].f = nn.LSTM"
    ),
    "C++": module("return torch.utils.cpp_extension.load_inline('a', '', '').run(x)"),
}


@pytest.mark.parametrize("text", FORBIDDEN_NUMPY.values(), ids=FORBIDDEN_NUMPY)
def test_torch_in_a_numpy_exercise_is_found(text):
    assert read(NUMPY, [SETUP, text]).forbidden


@pytest.mark.parametrize("text", FORBIDDEN_TORCH.values(), ids=FORBIDDEN_TORCH)
def test_the_work_done_by_pytorch_is_found(text):
    assert read(TORCH, [SETUP, text]).forbidden


FINE = {
    "NumPy": (NUMPY, body("return np.add(a, a)")),
    "an annotation": (NUMPY, "def double(a: torch.Tensor) -> torch.Tensor:\n    return a + a"),
    "a variable of that name": (NUMPY, body("nn = 2", "return nn * a")),
    "an argument of that name": (NUMPY, "def double(torch):\n    return 2 * torch"),
    "a docstring": (NUMPY, body('"""As torch.add does."""', "return a + a")),
    "a comparison beside it": (NUMPY, body("return a + a") + "\nprint(torch.add(1, 2))"),
    "another exercise": (NUMPY, body("return a + a") + "\n" + FORBIDDEN_TORCH["nn.LSTM"]),
    "an earlier draft": (NUMPY, FORBIDDEN_NUMPY["by name"] + "\n" + body("return a + a")),
    "getattr of one's own": (TORCH, module("return getattr(self, f'w_{x}')")),
    "matmul": (TORCH, module("return torch.matmul(x, self.w)")),
    "linear": (TORCH, module("return nn.functional.linear(x, self.w)")),
    "super by name": (TORCH, module("return super(LSTM, self).forward(x)")),
    "its own name": (TORCH, module("return LSTM")),
    "its own cell": (TORCH, "class LSTMCell(nn.LSTMCell):\n    pass\n" + module("LSTMCell(1, 2)")),
    "imported first, defined then": (TORCH, "from torch.nn import LSTM\n" + module("return LSTM")),
    "whether there is a name": (
        NUMPY,
        "import sys\nif 'np' not in globals():\n    import numpy as np\n"
        "COLAB = 'google.colab' in sys.modules\n"
        "if 'a' in str(get_ipython()):\n    print(eval('1 + 1'))\n" + body("return a + a"),
    ),
    "what has a type": (NUMPY, body("assert not isinstance(a, torch.Tensor)", "return a + a")),
    "doctest and timeit": (
        NUMPY,
        "import doctest\nimport timeit\n"
        + body("'''>>> double(1)\n    2'''", "return a + a")
        + "\ndoctest.run_docstring_examples(double, globals())\n"
        "timeit.timeit('double(1)', globals=globals())\n"
        "timeit.timeit(double, number=1)\ntimeit.timeit(lambda: double(1), number=1)\n"
        "from timeit import default_timer as timer\nprint(timer() - timer())\n"
        "import cProfile\ncProfile.run('double(1)')\n",
    ),
    "commands that run what is written": (
        NUMPY,
        body("return a + a") + "\nt = %timeit -o -n 3 double(torch.ones(2))\nfiles = !ls\n"
        "get_ipython().run_line_magic('matplotlib', 'inline')\n%load_ext autoreload\n",
    ),
    "constants": (
        TORCH,
        "F = nn.functional\nEPS, SIZES = 1e-8, (3, 4)\nd = torch.device('cpu') if EPS else 'cpu'\n"
        + module("return F.linear(x.to(d), self.w + EPS)")
        + "print(torch.allclose(nn.LSTM(*SIZES).to(d)(x)[0], LSTM(*SIZES)(x), atol=EPS))\n",
    ),
    "a generator of numbers": (
        NUMPY,
        "rng = np.random.default_rng(0)\n"
        + body("return a + rng.normal()")
        + "\nprint(torch.tensor(rng.normal(size=3)))\n",
    ),
    "functions compared": (
        TORCH,
        module("return x") + "both = {'mine': LSTM, 'PyTorch': nn.LSTM}\nboth['old'] = nn.RNN\n"
        "mine, right = LSTM(3, 4), nn.LSTM(3, 4)\nmine.weight = right.weight_ih_l0\n",
    ),
    "modules in honest use": (
        NUMPY,
        "import time, math, os.path, warnings, functools\nfrom os import path\n"
        "start = time.time()\nwarnings.filterwarnings('ignore')\n"
        "def half(time): return max(time, key=math.exp)\n"
        "f = getattr(math, 'exp')\npath.join('a', 'b')\nfor name in ('tanh', 'exp'):\n"
        "    print(getattr(np, name)(1.0))\n" + body("return a + functools.reduce(max, [a, a])"),
    ),
    "IPython's own commands": (NUMPY, "%time\n!ls\nnp.add?\n" + body("return a + a")),
    "a loop of that name": (NUMPY, body("return a + sum(nn for nn in [a])")),
    "a lambda's argument of that name": (NUMPY, body("return (lambda nn: nn + nn)(a)")),
    "a function of that name": (NUMPY, body("def nn(a): return a", "return a + nn(a)")),
    "packing": (TORCH, module("return nn.utils.rnn.pack_sequence(x)")),
    "packing imported": (
        TORCH,
        module("return pack_sequence(x)", "from torch.nn.utils.rnn import pack_sequence"),
    ),
    "scripted": (TORCH, "@torch.jit.script\ndef step(x):\n    return x\n" + module("step(x)")),
    "compiled": (TORCH, module("return x") + "LSTM.forward = torch.compile(LSTM.forward)"),
    "an alias inside": (TORCH, module("F = nn.functional; return F.linear(x, self.w)")),
    "weights kept in a file": (TORCH, module("return torch.load('net.pt')['weight'] @ x")),
    "looked for": (TORCH, module("return x if hasattr(torch, 'compile') else x.T")),
    "looked up": (TORCH, module("return getattr(torch, 'tanh')(x)")),
    "its own dictionary": (TORCH, module("self.__dict__.update(x=1); return vars(self)['x']")),
    "a demonstration": (
        TORCH,
        module("return x") + "ref, mine = nn.LSTM(3, 4), LSTM()\n"
        "for name, p in ref.named_parameters():\n    setattr(mine, name, p)",
    ),
    "Python's own modules": (
        NUMPY,
        "import copy, dataclasses, functools, itertools, math, os, sys, time, typing, warnings\n"
        "from __future__ import annotations\nimport matplotlib.pyplot as plt\n"
        "from mpl_toolkits import mplot3d\nfrom IPython.display import display\n"
        "from check import check\nprint(sys.version, sys.getsizeof(1), file=sys.stderr)\n"
        "if __name__ == '__main__':\n    print(plt, type(1).__name__, mplot3d.__doc__)\n"
        + body("print(a, file=sys.stderr)", "return math.sqrt(4) * copy.deepcopy(a)"),
    ),
    "settings of libraries": (
        NUMPY,
        "import matplotlib.pyplot as plt\nimport logging.handlers, concurrent.futures\n"
        "def settle(seed):\n    np.random.seed(seed)\n"
        "    torch.backends.cudnn.deterministic = True\n"
        "    plt.rcParams['figure.figsize'] = 3, 4\n    torch.manual_seed(seed)\n"
        "    logging.getLogger().setLevel(logging.INFO)\n    rng, path = np.random, os.path\n"
        "    torch.utils.data.DataLoader([1]), torch.utils.tensorboard\n"
        "settle(3)\nimport os\n" + body("return a + a"),
    ),
    "what libraries hold": (
        NUMPY,
        "print(len(vars(torch.nn.init)), 'RNN' in vars(nn), torch.__dict__['__version__'])\n"
        "print(vars(nn.RNN).keys(), list(nn.RNN.__dict__)[:3])\n"
        "setattr(nn.Module, 'n_params', lambda self: len(list(self.parameters())))\n"
        + body("return a + a"),
    ),
    "what a class of PyTorch's holds": (
        TORCH,
        "print(vars(nn.RNN).keys(), list(nn.LSTM.__dict__)[:3])\n" + module("return x"),
    ),
    "threads beside it": (
        NUMPY,
        "import threading\nthreading.Timer(0.1, print).start()\n" + body("return a + a"),
    ),
    "words in a docstring": (NUMPY, body('"""No __globals__ and no sys.modules here."""', "a")),
    "modules of a module": (TORCH, module("return [m(x) for m in self.modules()]")),
    "a name of one's own": (NUMPY, body("f_back = a.__class__", "return f_back(a)")),
    "a tensor whose name is local here": (
        NUMPY,
        body("b = [a for c in a]", "with d as e: b = lambda f: a", "return a + a")
        + "\n\na = b = c = e = f = torch.zeros(3)\nfor a in torch.arange(3):\n    print(a)\n",
    ),
}


@pytest.mark.parametrize("contract, text", FINE.values(), ids=FINE)
def test_honest_code_is_left_alone(contract, text):
    reading = read(contract, [SETUP, text])
    assert reading == Reading()


UNCLEAR = {
    "eval": body("return eval(name)"),
    "exec": body("exec(text)", "return a"),
    "exec outside": body("return a") + "\nexec(text)",
    "__import__": body("return __import__(name).add(a, a)"),
    "import_module": body("import importlib", "return importlib.import_module(name).add(a)"),
    "globals": body("return globals()[name](a)"),
    "sys.modules": body("import sys", "return sys.modules[name]"),
    "more commands than are read": "%pwd\n" * 400 + body("return a"),
    "a name of a command": "%alias_magic t time\n" + body("return a"),
    "IPython": "get_ipython().ex('t = torch')\n" + body("return t"),
    "IPython by another name": "shell = get_ipython()\n" + body("return shell.ev('torch')"),
    "a command made at run time": "get_ipython().run_line_magic('time', text)\n" + body("a"),
    "a text within a command": "%pwd {box.append(torch)}\n" + body("return a"),
    "sys from elsewhere": "from os import sys as s\n" + body("return a"),
    "import_module by another name": "from importlib import import_module as load\n" + body("a"),
    "the check by import_module": "import importlib\n"
    "importlib.import_module('autograder.checking.probe').observe = 1\n" + body("return a"),
    "a command by keywords": "get_ipython().run_line_magic(magic_name='time', line='t = torch')\n"
    + body("return t"),
    "a text made to be timed": "import timeit\ntext = 'import gc'\ntimeit.timeit(text)\n"
    + body("a"),
    "a text to be profiled": "import cProfile\ncProfile.run('import gc')\n" + body("return a"),
    "a text by keyword": "import timeit\ntimeit.timeit(stmt=texts[0])\n" + body("return a"),
    "timeit by another name": "import timeit as t\nt.timeit(text)\n" + body("return a"),
    "a pickle beside it": "import pickle\npickle.loads(text)\n" + body("return a"),
    "an example that is run": "import doctest\ndef f():\n    '''>>> import gc'''\n"
    "doctest.testmod()\n" + body("return a"),
    "exec in a function of a function": "def f(): exec(text)\ndef g(): f()\ng()\n" + body("a"),
    "annotations": "def f(a: torch): pass\n" + body("return f.__annotations__['a'].add(a, a)"),
    "isinstance made anew": "def isinstance(a, b): return b\n"
    + body("return isinstance(a, torch.Tensor)(a)"),
    "PyTorch by way of SciPy": "from scipy._lib.array_api_compat import torch as t\n" + body("a"),
    "what switches the watch off": body("with f.DisableTorchFunction(): return a"),
    "what lists what is watched": body("return f.overrides.fetch()"),
    "what is put into a list": "t = []\nt.append(torch.add)\n" + body("return t[0](a, a)"),
    "what others put where the answer does": "c = {}\n" + body("c['a'] = a", "return a + a") + "\n"
    "c['torch'] = torch.add(1, 1)\n",
    "what a function puts into a list": "t = []\ndef f(a): t.append(a)\nf(torch.add)\n"
    + body("return t[0](a, a)"),
    "what is put into another name's list": "t = []\ns = t\ns.append(torch.add)\n"
    + body("return t[0](a, a)"),
    "what an earlier definition did": "def f(a): return torch.add(a, a)\ng = f\n"
    "def f(a): return g(a)\n" + body("return f(a)"),
    "what an earlier import gave": "from torch import add\nold = [add]\ndef add(a): return a\n"
    + body("return old[0](a, a)"),
    "what a decorator makes of another": "def f(g):\n    global double\n    double = g\n"
    "@f\ndef other(a): return torch.add(a, a)\n",
    "a star that may take its place": body("return a") + "\nfrom torch import *\n",
    "threads": body("import threading", "threading.Thread(target=print).start()", "return a"),
    "a pool": "from concurrent.futures import ThreadPoolExecutor as P\n" + body("P()", "return a"),
    "a pickle": body("import pickle", "return pickle.loads(text)(a)"),
    "a file run": body("import runpy", "return runpy.run_path('a.py')['f'](a)"),
    "sys.modules asked": body("import sys", "return sys.modules.get(name)"),
    "a function's globals": body("return double.__globals__['tor' + 'ch'].add(a, a)"),
    "a function's globals by name": body("return getattr(double, '__globals__')['a'](a)"),
    "an attribute's name": body("return attrgetter('f.__globals__')(a)"),
    "subclasses": body("return type(a).__subclasses__()"),
    "a method's owner": body("return print.__self__"),
    "a file of one's own": "open('own.py', 'w').write(text)\nimport own\n" + body("return a"),
    "a file run by IPython": "%run own.py\n" + body("return a"),
    "a star of one's own": "from own import *\n" + body("return f(a)"),
    "the check": "from autograder.checking import probe\nprobe._pauses = 1\n" + body("a"),
    "the frames": "import sys\nsys._getframe(1)\n" + body("return a"),
    "all modules": "import sys\nprobe = sys.modules['probe']\n" + body("return a"),
    "sys by another name": "import sys\ns = sys\n" + body("return a"),
    "sys by import": "import sys as s\n" + body("return a"),
    "modules by import": "from sys import modules as m\n" + body("return a"),
    "all objects": "import gc\n" + body("return a"),
    "C": "import ctypes\n" + body("return a"),
    "frames by inspect": "import inspect\n" + body("return a"),
    "code": "import marshal\n" + body("return a"),
    "a code object": "print.__code__ = 1\n" + body("return a"),
    "exec in a function beside it": "def f(): exec(text)\nf()\n" + body("return a"),
    "a pickle of NumPy's": body("return np.load('a.npy', allow_pickle=True)[0](a)"),
    "a pickle of NumPy's, by place": "np.load(io.BytesIO(b''), None, True)\n" + body("return a"),
    "a pickle of NumPy's, by a dict": "np.load(f, **{'allow_' + 'pickle': True})\n"
    + body("return a"),
    "a pickle of PyTorch's": "torch.load(f, weights_only=False)\n" + body("return a"),
    "a module's module by name": "import warnings\nm = getattr(warnings, 'sys')\n"
    + body("return a"),
    "a module's module by a made name": "import warnings\nm = getattr(warnings, 's' + 'ys')\n"
    + body("return a"),
    "all that a module holds": "import warnings\nm = vars(warnings)\n" + body("return a"),
    "a module within a list": "import warnings\nm = [*map(getattr, [warnings], names)]\n"
    + body("return a"),
    "a module that is matched": "import copy as c\nmatch 1:\n    case object(sys=m): pass\n"
    + body("return a"),
    "a module below one, handed on": "from concurrent import futures as f\ng(f)\n"
    + body("return a"),
    "what NumPy holds within": "getattr(np._core._internal, name)\n" + body("return a"),
    "a coroutine's frame": "async def f(): pass\nf().cr_frame\n" + body("return a"),
    "a text measured by NumPy": "np.testing.measure(text, 1)\n" + body("return a"),
    "a text within a format": "import string\nstring.Formatter().get_field(t, a, b)\n" + body("a"),
    "a rare module": "import pydoc\npydoc.locate(text)\n" + body("return a"),
    "a module below a known one": "import logging.config\n" + body("return a"),
    "IPython's inside": "from IPython.utils import importstring\n" + body("return a"),
    "annotations that are run": "from functools import singledispatch\n" + body("return a"),
    "texts within texts": "%time %time %time %time %time a = 1\n" + body("return a"),
    "an answer that no text makes": "x = 1\n",
    "the frames of all callers": "import traceback\n" + body("return traceback.walk_stack(None)"),
    "a file that is to be found": "import sys\nsys.path.append('.')\n" + body("return a"),
    "builtins by way of a module": "import enum\nenum.bltns.exec(text)\n" + body("return a"),
    "a pickle by way of a module": "import logging.handlers\nlogging.handlers.pickle.loads(b'')\n"
    + body("return a"),
    "a module of a module by a constant name": "import enum\ngetattr(enum, 'bltns').exec(text)\n"
    + body("return a"),
    "an interpreter in a debugger": "import pdb\npdb.code.InteractiveInterpreter()\n" + body("a"),
    "a function of any code": "import types, pstats\n"
    "types.FunctionType(pstats.marshal.loads(b''))\n" + body("return a"),
    "code by a loader": "import importlib.abc\n"
    "importlib.abc.InspectLoader.source_to_code(text)\n" + body("return a"),
    "a pickle that is received": "import multiprocessing\na, c = multiprocessing.Pipe()\n"
    "a.recv()\n" + body("return a"),
    "a pickle's other name": "import multiprocessing\n"
    "multiprocessing.reduction.ForkingPickler.loads(b'')\n" + body("return a"),
    "a pickle of NumPy's format": "np.lib.format.read_array(f, True)\n" + body("return a"),
    "a profile of a text": "import cProfile\ncProfile.Profile().run(text)\n" + body("return a"),
    "a timer by another name": "import timeit\nt = timeit.Timer\nt(text).timeit(1)\n" + body("a"),
    "an example that is made": "import doctest\ndoctest.Example(text, '')\n" + body("return a"),
    "what is kept in a library": "def f(): np.kept = torch.add\nf()\n"
    + body("return np.kept(a, a)"),
    "what is kept in a library's class": "def f(): nn.Module.kept = torch.add\n" + body("return a"),
    "a function of a library's that a function changes": "def f(): np.tanh = torch.tanh\nf()\n"
    + body("return np.tanh(a)"),
    "a library that a function changes by name": "def f(): setattr(np, n, torch.tanh)\nf()\n"
    + body("return np.tanh(a)"),
    "another package's sigmoid": "from scipy.special import expit\n" + body("return expit(a)"),
    "another package": body("import scipy.special", "return scipy.special.expit(a)"),
    "eval by way of a module": body("return np.ma.core.builtins.eval(text)"),
}


@pytest.mark.parametrize("text", UNCLEAR.values(), ids=UNCLEAR)
def test_what_cannot_be_decided_is_left_to_the_instructor(text):
    reading = read(NUMPY, [SETUP, text])
    assert reading.forbidden == ()
    assert reading.unclear + reading.of_all


def test_computed_names_on_torch_are_left_to_the_instructor():
    for line in (
        "return getattr(nn, name)(3, 4)(x)",
        "return nn.__dict__[name](3)(x)",
        "return nn.__getattribute__(name)(3)(x)",
        "return (lambda lib: getattr(lib, name)(3))(nn)(x)",
        "return [lib for lib in (torch, nn)][1]",
        "lib: object = [nn][0]; return getattr(lib, name)(x)",
    ):
        reading = read(TORCH, [SETUP, module(line)])
        assert reading.forbidden == ()
        assert reading.unclear


def test_what_an_exercise_allows_is_allowed():
    allowing = dataclasses.replace(TORCH, allows=("torch.nn.LSTM",))
    assert not read(allowing, [SETUP, FORBIDDEN_TORCH["nn.LSTM"]]).forbidden
    assert not is_forbidden(allowing, "torch.lstm")
    assert is_forbidden(allowing, "torch.gru")
    open_numpy = dataclasses.replace(NUMPY, allows=("torch",))
    assert not read(open_numpy, [SETUP, FORBIDDEN_NUMPY["by name"]]).forbidden


def test_what_holds_something_allowed_may_be_imported_for_its_sake():
    sizes = dataclasses.replace(NUMPY, allows=("torch.Size",))
    assert not read(sizes, [SETUP, body("import torch", "return torch.Size([2])")]).forbidden
    assert read(sizes, [SETUP, body("return nn.LSTM(2, 3).weight_ih_l0.shape")]).forbidden


SINGLE = dataclasses.replace(TORCH, allows=("torch.nn.LSTM",), single=True)
SEVERAL = {
    "both directions": module("return nn.LSTM(3, 4, bidirectional=True)(x)"),
    "as a number": module("return nn.LSTM(3, 4, bidirectional=1)(x)"),
    "layers": module("return nn.LSTM(3, 4, num_layers=2)(x)"),
    "layers by place": module("return nn.LSTM(3, 4, 2)(x)"),
    "directions by place": module("return nn.LSTM(3, 4, 1, True, False, 0.0, True)(x)"),
    "an alias": module("return L(3, 4, 2)(x)", "L = nn.LSTM"),
    "an alias inside": module("L = nn.LSTM; return L(3, 4, 2)(x)"),
    "a helper": module(
        "return make(nn.LSTM)(x)", "def make(net):\n    return net(3, 4, bidirectional=True)\n"
    ),
    "a dict": module("return nn.LSTM(3, 4, **{'bidirectional': True})(x)"),
    "an attribute": module("self.net.bidirectional = True; return self.net(x)"),
    "setattr": module("setattr(self.net, 'num_layers', 2); return self.net(x)"),
    "an earlier answer": "def LSTMCell(net):\n    return nn.LSTM(3, 4, bidirectional=True)\n"
    + module("return LSTMCell(x)"),
}


@pytest.mark.parametrize("text", SEVERAL.values(), ids=SEVERAL)
def test_several_layers_or_directions_are_found_where_one_is_asked_for(text):
    reading = read(SINGLE, [SETUP, text])
    assert reading.forbidden
    assert "one layer and one direction" in say_forbidden(SINGLE, reading.forbidden)
    assert not read(dataclasses.replace(SINGLE, single=False), [SETUP, text]).forbidden


def test_one_layer_and_one_direction_are_fine_however_they_are_said():
    for text in (
        module("return nn.LSTM(3, 4)(x)"),
        module("return nn.LSTM(3, 4, 1, True, False, 0.0, False)(x)"),
        module("return nn.LSTM(3, 4, num_layers=1, bidirectional=False, batch_first=True)(x)"),
        module("self.num_layers = x; self.bidirectional = True; return self.num_layers"),
        module("return self.build(num_layers=x)"),
        module("return build(num_layers=x)", "def build(num_layers):\n    return nn.LSTM(1, 2)\n"),
        module("return nn.ModuleList(nn.LSTM(3, 4) for k in range(self.num_layers))"),
    ):
        reading = read(SINGLE, [SETUP, text])
        assert reading == Reading()


def test_arguments_made_at_run_time_are_left_to_the_watch():
    for text in (
        module("return nn.LSTM(*(3, 4))(x)"),
        module("return nn.LSTM(3, 4, LAYERS, bidirectional=self.two)(x)", "LAYERS = 1"),
        module("how = dict(num_layers=layers); return nn.LSTM(3, 4, **how)(x)"),
        module("self.how = {'num_layers': layers, 'bidirectional': True}; self.how['a'] = 1"),
    ):
        assert read(SINGLE, [SETUP, text]) == Reading()


def test_what_an_earlier_answer_uses_besides_is_its_own():
    text = "def LSTMCell(net):\n    return net if isinstance(net, nn.GRU) else nn.GRUCell(3, 4)\n"
    assert read(SINGLE, [SETUP, text + module("return LSTMCell(x)")]) == Reading()


def test_a_network_that_is_made_over_is_left_to_the_instructor():
    for text in (
        module("return x", "class Both(nn.LSTM):\n    pass\n") + "LSTM = Both",
        module("self.net.__dict__['bi' + 'directional'] = True; return self.net(x)"),
    ):
        reading = read(SINGLE, [SETUP, text])
        assert reading.forbidden == ()
        assert reading.unclear


def test_a_network_may_be_chosen_by_name_where_all_are_allowed():
    text = module("return getattr(nn, name.upper())(3, 4)(x)")
    allows = ("torch.nn.RNN", "torch.nn.GRU", "torch.nn.LSTM")
    assert read(dataclasses.replace(TORCH, allows=allows), [SETUP, text]) == Reading()
    assert read(dataclasses.replace(TORCH, allows=allows[:1]), [SETUP, text]).unclear


def test_the_watch_sees_several_layers_and_directions():
    class Scale(torch.nn.Module):
        def __init__(self, **how):
            super().__init__()
            self.lstm = torch.nn.LSTM(3, 4, **how)

        def forward(self, x, lengths):
            self.lstm(x)
            self.lstm(torch.nn.utils.rnn.pack_padded_sequence(x, lengths))

    single = dataclasses.replace(SINGLE, name="Scale")
    for how, found in (
        ({}, set()),
        ({"num_layers": 2}, {"torch.lstm.num_layers"}),
        ({"bidirectional": True}, {"torch.lstm.bidirectional"}),
    ):
        arguments = {"x": np.zeros((2, 1, 3)), "lengths": np.array([2])}
        parameters = {n: p.detach().numpy() for n, p in Scale(**how).named_parameters()}
        inputs = {"init": how, "parameters": parameters, "arguments": arguments}
        seen = observe(single, {"Scale": Scale}, Case("", inputs, again=False))
        assert seen["problem"] is None
        assert forbidden_calls(single, [seen]) == found


def test_the_watch_sees_directions_asked_for_by_name():
    class Scale(torch.nn.LSTM):
        def forward(self, x):
            states, weights = [x.new_zeros(2, 1, 4)] * 2, list(self.parameters())
            more = {"train": False, "bidirectional": True, "batch_first": False}
            return torch.lstm(x, states, weights, True, 1, 0.0, **more)[0]

    net = torch.nn.LSTM(3, 4, bidirectional=True)
    inputs = {
        "init": {"input_size": 3, "hidden_size": 4, "bidirectional": True},
        "parameters": {n: p.detach().numpy() for n, p in net.named_parameters()},
        "arguments": {"x": np.zeros((2, 1, 3))},
    }
    single = dataclasses.replace(SINGLE, name="Scale")
    seen = observe(single, {"Scale": Scale}, Case("", inputs, again=False))
    assert seen["problem"] is None
    assert forbidden_calls(single, [seen]) == {"torch.lstm.bidirectional"}


def test_names_that_stand_for_each_other_in_a_circle_are_read():
    circle = "class K: pass\na = K(); a.y = a\nb = K(); b.x = a\na = b.x\nb = a.y\n"
    chain = "a0 = nn\n" + "\n".join(f"a{k} = a{k - 1}.x" for k in range(1, 2000)) + "\n"
    assert read(NUMPY, [SETUP, circle + body("return a.z")]) == Reading()
    assert read(NUMPY, [SETUP, chain + body("return a1999.z")]).unclear


def ask(exercise, answer):
    namespace = {exercise.name: answer}
    return lambda drawn, _: [observe(exercise.contract, namespace, c) for c in drawn.cases]


def test_forbidden_text_gets_no_points_and_a_message_that_says_why():
    def right(a):
        return 2 * a

    verdict = DOUBLE.assess(ask(DOUBLE, right), SEED, [SETUP, FORBIDDEN_NUMPY["by name"]])
    assert (verdict.status, verdict.points) == ("fail", 0)
    for text in (as_text(verdict), as_html(verdict)):
        assert "not allowed" in text
        assert "torch.add" in text
        assert "NumPy alone" in text


def test_who_must_not_build_a_network_is_told_that():
    sizes = dataclasses.replace(NUMPY, allows=("torch.Size",))
    said = say_forbidden(sizes, ["torch.nn.LSTM"])
    assert "without building a network" in said and "torch.Size alone is allowed" in said
    assert "NumPy alone" not in said


def test_what_is_left_to_the_instructor_keeps_its_points_and_is_marked():
    def right(a):
        return 2 * a

    verdict = DOUBLE.assess(ask(DOUBLE, right), SEED, [SETUP, UNCLEAR["eval"]])
    assert (verdict.status, verdict.points) == ("pass", 1)
    assert verdict.look
    for text in (as_text(verdict), as_html(verdict)):
        assert "The points stand. Your instructor may look" in text
        assert "eval(name)" in text
    wrong = DOUBLE.assess(ask(DOUBLE, lambda a: 3 * a), SEED, [SETUP, UNCLEAR["eval"]])
    assert (wrong.points, wrong.look) == (0, ())


@pytest.mark.parametrize(
    "text", ["(" * 5000, "\x00", "x = " + "9" * 5000, "\ud800", "", "a" * 10**6]
)
def test_strange_texts_are_read_without_an_error(text):
    read(NUMPY, [text, f"double = lambda a: {text}"])


LINES = MAX_STATEMENTS // 8
HOSTILE = {
    "calls": "def f(): pass\n" + "f.a = 1\nf()\n" * LINES,
    "names": "a0 = nn\n" + "".join(f"a{k + 1} = a{k}\na{k + 1}.x = 1\n" for k in range(LINES)),
    "lists": "t = []\n" + "".join(f"t.append(a{k})\na{k} = t\n" for k in range(LINES)),
    "definitions": "t = []\n" + "def f(): g(t)\ng = f\n" * LINES,
    "uses": "a0 = nn\n"
    + "".join(f"a{k + 1} = a{k}\n" for k in range(200))
    + body(*["a200"] * 9_000),
    "attributes": body(*["a" + ".b" * 900] * 50),
    "long expressions": module("return " + "getattr(torch, x, " * 60 + "1," * 40_000 + ")" * 60),
    "statements in one line": "f0 = abs;"
    + ";".join(f"f{k} = [f{k - 1}, double, 0, 0, 0]" for k in range(1, MAX_STATEMENTS - 50))
    + f";f = f{MAX_STATEMENTS - 51}",
    "commands within commands": "%time " * 200 + "[" + "0," * 20_000 + "]",
    "a long list": f"big = [{'a, ' * 20_000}]\n" + "big[0].x = 1\n" * (MAX_STATEMENTS - 50),
    "aliases": "".join(f"x{k + 1} = x{k}\n" for k in range(48))
    + "".join(f"x{k % 48}.a = [x0, x1]\n" for k in range(MAX_STATEMENTS - 100))
    + f"def f(): return [{', '.join(f'x{k}' for k in range(48))}]\n",
    "a long choice": "f = " + "1 if a else " * 1_500 + "1\n",
    "imports": "import " + ", ".join(f"a{k}" for k in range(12_000)),
    "blank lines": "\n" * 90_000 + "a = '%run'",
    "commands": "%time a = 1\n" * 3 + "a = 1\n" * 9_000 + "a = (\n",
    "more commands": "%time a = 1\n" * 8_000,
    "no Python": "a b\n" + "'\n" * 45_000,
    "calls of a debugger": "import pdb\nx = [" + "pdb.run()," * 9_000 + "]",
    "no part of a library": "x = [" + ",".join(f"np.a{k}" for k in range(9_000)) + "]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_read_in_little_time(text):
    assert len(text) < MAX_TEXT
    again = MAX_TEXT // (len(text) + 9_000) or 1
    cells = [SETUP, *[text] * min(again, 7), body("return t, f, g")]
    start = time.process_time()
    for contract in (NUMPY, TORCH):
        read(contract, cells)
    assert time.process_time() - start < 5


COMMANDS = ["a?\n" * 255 + f"z = {k}" for k in range(30)]
"""Each takes IPython a second."""


@pytest.mark.parametrize(
    "cells", [["a = 1\n" * 99] * 99, ["a\n" * 700] * 7, ["#" * 200_000], COMMANDS]
)
def test_what_is_longer_than_anyone_writes_is_not_read(cells):
    reading = read(NUMPY, [SETUP, *cells, FORBIDDEN_NUMPY["by name"]])
    assert reading.forbidden == ()
    assert "longer than anyone writes" in str(reading.of_all)
