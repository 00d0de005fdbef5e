"""What an answer may not use: found by reading, found when it runs, or left to the instructor."""

import dataclasses

import pytest

from autograder.checking.feedback import as_html, as_text
from autograder.checking.rules import is_forbidden, read

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
    "IPython's own commands": (NUMPY, "%time\n!ls\nnp.add?\n" + body("return a + a")),
    "a loop of that name": (NUMPY, body("return a + sum(nn for nn in [a])")),
    "a lambda's argument of that name": (NUMPY, body("return (lambda nn: nn + nn)(a)")),
    "a function of that name": (NUMPY, body("def nn(a): return a", "return a + nn(a)")),
    "a tensor whose name is local here": (
        NUMPY,
        body("b = [a for c in a]", "with d as e: b = lambda f: a", "return a + a")
        + "\n\na = b = c = e = f = torch.zeros(3)\nfor a in torch.arange(3):\n    print(a)\n",
    ),
}


@pytest.mark.parametrize("contract, text", FINE.values(), ids=FINE)
def test_honest_code_is_left_alone(contract, text):
    reading = read(contract, [SETUP, text])
    assert (reading.forbidden, reading.unclear) == ((), ())


UNCLEAR = {
    "eval": body("return eval(name)"),
    "exec": body("exec(text)", "return a"),
    "exec outside": body("return a") + "\nexec(text)",
    "__import__": body("return __import__(name).add(a, a)"),
    "import_module": body("import importlib", "return importlib.import_module(name).add(a)"),
    "globals": body("return globals()[name](a)"),
    "sys.modules": body("import sys", "return sys.modules[name]"),
    "an unreadable cell": "def double(a:\n    return a",
}


@pytest.mark.parametrize("text", UNCLEAR.values(), ids=UNCLEAR)
def test_what_cannot_be_decided_is_left_to_the_instructor(text):
    reading = read(NUMPY, [SETUP, text])
    assert reading.forbidden == ()
    assert len(reading.unclear) == 1


def test_computed_names_on_torch_are_left_to_the_instructor():
    for line in ("return getattr(nn, name)(3, 4)(x)", "return nn.__dict__[name](3)(x)"):
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


def ask(exercise, answer):
    from autograder.checking.probe import observe

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


def test_what_is_left_to_the_instructor_keeps_its_points_and_is_marked():
    def right(a):
        return 2 * a

    verdict = DOUBLE.assess(ask(DOUBLE, right), SEED, [SETUP, UNCLEAR["eval"]])
    assert (verdict.status, verdict.points) == ("pass", 1)
    assert verdict.look
    for text in (as_text(verdict), as_html(verdict)):
        assert "instructor will look" in text
        assert "eval(name)" in text


@pytest.mark.parametrize(
    "text", ["(" * 5000, "\x00", "x = " + "9" * 5000, "\ud800", "", "a" * 10**6]
)
def test_strange_texts_are_read_without_an_error(text):
    read(NUMPY, [text, f"double = lambda a: {text}"])
