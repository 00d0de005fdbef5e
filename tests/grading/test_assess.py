"""Cells are run and answers asked in a child; what kills or blocks it costs itself alone."""

import os
import signal
import time
from pathlib import Path

import pytest

from autograder.checking.contract import Case, Contract, Part
from autograder.checking.exercise import Drawn
from autograder.checking.probe import observe
from autograder.grading import assess as assessing
from autograder.grading import sandbox
from autograder.grading.assess import ENDED, TIME_UP, _Run, assess
from autograder.grading.budget import Budget
from autograder.grading.grade import cell_name

from .test_faults import children

QUICK = Budget(cell=3.0, answer=3.0, notebook=60.0, grace=0.5)
"""Where something never ends: it is waited for this long."""
PATIENT = Budget(cell=120.0, answer=120.0, notebook=600.0)
"""Where everything ends by itself, however slow the machine is."""


@pytest.fixture
def run(classroom, warm):
    """Assess a notebook with the given solution cells."""

    def run(texts, seeds=None, budget=PATIENT):
        filled, cells, checks = classroom.template.filled(texts), [], {}
        for cell in filled.cells:
            name = cell_name(cell)
            if name.startswith("check_"):
                checks[name.removeprefix("check_")] = len(cells)
            elif cell.cell_type == "code":
                cells.append((name, cell.source))
        return assess(warm, cells, classroom.exercises, budget, seeds, checks)

    return run


def right(result):
    return {name for name, verdict in result.verdicts.items() if verdict.status == "pass"}


def everything(classroom):
    return {exercise.name for exercise in classroom.exercises}


def test_solutions_get_everything_and_the_released_notebook_nothing(classroom, run):
    solved = run(classroom.maker.solutions)
    assert right(solved) == everything(classroom)
    assert not sandbox.missing(solved.layers)
    assert sum(verdict.points for verdict in run({}).verdicts.values()) == 0


def test_the_same_seeds_give_the_same_verdicts(classroom, run):
    texts = classroom.maker.solutions | {"lstm_step": "lstm_step = print"}
    first = run(texts)
    again = run(texts, first.seeds)
    assert first.verdicts == again.verdicts and first.seeds == again.seeds


def test_scores_do_not_depend_on_the_order_in_which_exercises_are_asked(classroom, warm):
    texts = classroom.maker.solutions | {"lstm_step": "def lstm_step(x, h, c, *w): return c, c"}
    asked = [e for e in classroom.exercises if e.name.startswith(("sigmoid", "lstm_", "LSTM"))]
    seeds = {exercise.name: 5 for exercise in asked}
    cells = [("setup", "import numpy as np\nimport torch\nfrom torch import nn"), *texts.items()]
    one, other = (
        assess(warm, cells, exercises, PATIENT, seeds) for exercises in (asked, asked[::-1])
    )
    assert one.verdicts == other.verdicts
    assert one.verdicts["lstm_step"].points < one.verdicts["lstm_step"].of
    assert right(one) == {e.name for e in asked} - {"lstm_step"}


NUMBERS = """
import numpy as np
from autograder.checking import plain
from autograder.grading import wire

def pack(said, real=plain.pack):
    if isinstance(said, dict) and {field!r} in said:
        said = said | {change}
    return real(said)

plain.pack = pack
"""


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("cell", '{"cell": np.zeros(2)}'),
        ("cell", '{"outputs": [{"output_type": np.zeros(2)}, np.zeros(2)]}'),
        ("observation", '{"observation": {"problem": {"type": np.zeros(2)}}}'),
        ("observation", '{"stopped": np.zeros(2)}'),
        ("observation", '{"stopped": [np.ones(1000)] * 1000}'),
        ("observation", '{"call": np.zeros(2)}'),
    ],
)
def test_numbers_where_texts_belong_cost_their_sender_alone(field, change, classroom, run):
    first = next(iter(classroom.maker.solutions))
    hostile = NUMBERS.format(field=field, change=change)
    result = run(classroom.maker.solutions | {first: hostile})
    assert all(verdict.status != "grader error" for verdict in result.verdicts.values())
    assert result.verdicts[first].points == 0
    if field == "observation":
        assert right(result) == set()


FILLED = """
hoard = []
for size in (50_000_000, 1_000_000, 100_000, 1_000):
    try:
        while True:
            hoard.append(bytearray(size))
    except MemoryError:
        pass
raise MemoryError
"""


def test_a_cell_that_fills_the_memory_leaves_some_for_the_answers(classroom, run):
    result = run(classroom.maker.solutions | {"lstm_shapes": FILLED})
    assert "MemoryError" in str(result.outputs["lstm_shapes"])
    assert right(result) == everything(classroom) - {"lstm_shapes"}


HUGE = "import numpy as np\ndef twice(x): return "


def test_what_is_too_large_is_said_and_not_kept(warm):
    many = ask(warm, HUGE + "[np.zeros(90_000)] * 2", (), 1.0, 2.0)
    assert all("far more than is asked for" in seen["problem"]["message"] for seen in many)
    one = ask(warm, HUGE + "np.zeros(10**6)", (), 1.0)
    assert one["value"] == {"leaf": "other", "type": "a NumPy array of 1000000 values"}
    change = '{"observation": np.zeros(2**20)}'
    forged = NUMBERS.format(field="observation", change=change)
    forged += "wire.ANSWER = {'max_text': 2**40, 'max_raw': 2**40}\n"
    seen = ask(warm, forged + HUGE + "x", (), 1.0)
    assert "which is too long" in seen["problem"]["message"]


UNRELATED = "lstm_shapes"
"""An exercise that no other one uses."""


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import os\nos._exit(3)", "exit code 3"),
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
        ("while True:\n    pass", f"still running after {QUICK.cell:g} seconds"),
        ("import time\nwhile True:\n    try:\n        time.sleep(60)\n"
         "    except BaseException:\n        pass", "still running"),
        ("import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
         "could not be interrupted"),
        ("while True:\n    print('again ' * 100)", "printed more than"),
        ("def lstm_shapes(:\n    pass", "SyntaxError"),
        ("raise SystemExit(1)", "SystemExit"),
        ("1 / 0", "ZeroDivisionError"),
        ("def f(): f()\nf()", "RecursionError"),
        ("x = '\\x00'\nimport os\nos.write(1, b'x'); \0", ""),
    ],
)  # fmt: skip
def test_a_bad_cell_costs_itself_alone(classroom, run, source, says):
    result = run(classroom.maker.solutions | {UNRELATED: source}, budget=QUICK)
    assert right(result) == everything(classroom) - {UNRELATED}
    assert says in str(result.outputs[UNRELATED])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("import os; os._exit(0)", ENDED),
        ("import ctypes; ctypes.string_at(0)", ENDED),
        ("while True: pass", TIME_UP),
        ("while True: print('again ' * 100)", TIME_UP),
        ("import signal as s; s.signal(s.SIGALRM, s.SIG_IGN)\n    while True: pass", ENDED),
        ("import os\n    for fd in range(3, 99):\n        try: os.close(fd)\n"
         "        except OSError: pass", ENDED),
        ("import os\n    for fd in range(3, 99):\n        try: os.write(fd, b'x' * 64)\n"
         "        except OSError: pass", ENDED),
        ("raise SystemExit", "SystemExit"),
        ("return [0] * 10**10", "MemoryError"),
    ],
)  # fmt: skip
def test_a_bad_answer_costs_itself_alone(classroom, run, body, kind):
    source = f"def {UNRELATED}(*args):\n    {body}"
    start = time.monotonic()
    result = run(classroom.maker.solutions | {UNRELATED: source}, budget=QUICK)
    assert time.monotonic() - start < QUICK.notebook
    assert right(result) == everything(classroom) - {UNRELATED}
    verdict = result.verdicts[UNRELATED]
    assert verdict.status == "fail" and verdict.points == 0
    assert kind in verdict.finding.says


def test_a_notebook_can_not_use_up_more_than_its_time(classroom, warm):
    cells = [(e.name, f"def {e.name}(*a):\n    while True: pass") for e in classroom.exercises]
    budget = Budget(cell=60.0, answer=60.0, notebook=1.5, grace=0.2)
    start = time.monotonic()
    result = assess(warm, cells, classroom.exercises, budget)
    # Each answer by itself would take a minute.
    assert not right(result) and time.monotonic() - start < 120
    assert {verdict.status for verdict in result.verdicts.values()} == {"fail"}


def test_outputs_are_those_of_a_notebook_and_bounded(warm):
    cells = [
        ("a", "print('out'); import sys; print('err', file=sys.stderr); 6 * 7"),
        ("b", "from IPython.display import HTML, display\ndisplay(HTML('<script>1</script>'))"),
        ("c", "for _ in range(100000): print('x' * 100)"),
        ("d", "import matplotlib.pyplot as plt\nfigure = plt.figure()\ndisplay(figure)"),
        ("e", "print('\\x1b[31mred\\x00')"),
    ]
    outputs = assess(warm, cells, [], PATIENT).outputs
    assert [o["output_type"] for o in outputs["a"]] == ["stream", "stream", "execute_result"]
    assert outputs["a"][2]["data"] == {"text/plain": "42"}
    assert "script" not in str(outputs["b"])
    assert len(str(outputs["c"])) < 200_000 and "left out" in str(outputs["c"])
    assert "image/png" in str(outputs["d"]) or "Figure" in str(outputs["d"])
    assert outputs["e"][0]["text"] == "red\ufffd\n"


def test_warnings_threads_files_and_prints_do_no_harm(classroom, run):
    source = (
        "!ls\n%pip install torch\nfiles = !ls\nassert files == []\n"
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n"
        "import tempfile, threading, warnings\nwarnings.warn('careful')\n"
        "thread = threading.Thread(target=print, args=('hello',))\nthread.start()\nthread.join()\n"
        "with tempfile.TemporaryFile() as file:\n    file.write(b'x')\n"
        "open('here.txt', 'w').write('x')\n"
        "from tqdm import tqdm\nassert sum(tqdm([1, 2])) == 3\n"
        + classroom.maker.solutions[UNRELATED]
    )
    result = run(classroom.maker.solutions | {UNRELATED: source})
    assert UNRELATED in right(result)
    assert any("image/png" in one.get("data", {}) for one in result.outputs[UNRELATED])


SHORT = "from torch import sigmoid, tanh\n\n"
"""Names by which PyTorch's functions are short, and which take the place of the student's own."""


@pytest.fixture
def forked(warm, monkeypatch):
    """How often a child was forked: a list that grows."""
    times, child = [], warm.child
    monkeypatch.setattr(warm, "child", lambda *how: times.append(0) or child(*how))
    return times


def short(classroom):
    """Right answers, the PyTorch cell with short names."""
    cell = classroom.maker.solutions["LSTMCell"]
    for name in ("sigmoid", "tanh"):
        cell = cell.replace(f"torch.{name}", name)
    return classroom.maker.solutions | {"LSTMCell": SHORT + cell}


def test_a_later_cell_takes_nothing_from_an_earlier_answer(classroom, run, forked):
    texts = short(classroom)
    assert texts["LSTMCell"].count("sigmoid") > 1
    result = run(texts)
    assert right(result) == everything(classroom)
    assert result.verdicts["sigmoid"].notes == (
        "Later cells change what this uses: sigmoid. It was checked as the notebook stood at its "
        "own check.",
    )
    again = run(texts, result.seeds)
    assert again.verdicts == result.verdicts and again.outputs == result.outputs
    # One for all cells, one for each answer that a later cell changed.
    noted = [v for v in result.verdicts.values() if "Later cells" in str(v.notes)]
    assert len(noted) > 1 and len(forked) == 2 * (1 + len(noted))


def test_the_earlier_answer_is_judged_by_the_same_rules(classroom, run):
    texts = short(classroom)
    wrong = {"sigmoid": "def sigmoid(a):\n    return np.tanh(a)"}
    torch = {"sigmoid": "def sigmoid(a):\n    return torch.sigmoid(torch.tensor(a)).numpy()"}
    for change in (wrong, torch):
        verdict = run(texts | change).verdicts["sigmoid"]
        assert verdict.status == "fail" and verdict.points == 0
    hidden = texts | {"sigmoid": "def sigmoid(a):\n    return torch_free(a)"}
    hidden["LSTMCell"] += "\n\ndef torch_free(a):\n    return np.tanh(a / 2) / 2 + 0.5\n"
    assert run(hidden).verdicts["sigmoid"].points == 0


def test_what_concerns_all_answers_is_told_at_one(classroom, run):
    texts = dict(classroom.maker.solutions)
    texts["LSTMCell"] = "import gc\n" + texts["LSTMCell"]
    texts["LSTM"] += "\n\nimport warnings\nwarnings._own = 1\neval(name)\n"
    verdicts = run(texts).verdicts
    looks = {name: len(verdict.look) for name, verdict in verdicts.items() if verdict.look}
    assert looks == {"LSTMCell": 1, "LSTM": 2}
    assert verdicts["LSTMCell"].look[0].startswith("gc: it can reach more than its name says")
    # Where the answer that holds it earns nothing, another one tells it.
    texts["LSTMCell"] = "import gc\n"
    verdicts = run(texts).verdicts
    told = [name for name, verdict in verdicts.items() if "gc: " in str(verdict.look)]
    assert told == ["sigmoid"]


def test_two_definitions_of_an_answer_are_looked_at(classroom, run):
    texts = dict(classroom.maker.solutions)
    texts["LSTM"] += "\n\ndef forget_gate(*given):\n    return 0\n\nfrom torch import sigmoid\n"
    verdicts = run(texts).verdicts
    said = "forget_gate: a later cell defines it again; the better of both counts"
    assert verdicts["forget_gate"].status == "pass" and verdicts["forget_gate"].look == (said,)
    assert verdicts["sigmoid"].status == "pass" and not verdicts["sigmoid"].look


ASKED_BEFORE = """
import contextlib, os
later = False

def sigmoid(a):
    for place in ("asked", "/tmp/asked", os.environ["HOME"] + "/../asked"):
        if later:
            with contextlib.suppress(OSError):
                open(place, "w").close()
        elif os.path.exists(place):
            return np.tanh(a / 2) / 2 + 0.5
    return a
"""


def test_what_pytorch_has_compiled_is_watched(classroom, run):
    scripted = "@torch.jit.script\ndef half(x):\n    return x * 0.5\n\n"
    cell = scripted + classroom.maker.solutions["LSTMCell"]
    hidden = "kinds = []\nkinds.append(nn.LSTMCell)\n\ndef LSTMCell(input_size, hidden_size):\n"
    hidden += "    return torch.jit.script(kinds[0](input_size, hidden_size))\n"
    assert right(run({"LSTMCell": cell})) == {"LSTMCell"}
    verdict = run({"LSTMCell": hidden}).verdicts["LSTMCell"]
    assert (verdict.points, verdict.finding.stage) == (0, "rules")


THREADS = """
import torch.distributions, torch.cuda
threads = torch.cuda.threading
kinds = [torch.distributions][0].normal.torch.nn

def in_a_thread(function):
    found = []
    worker = threads.{way}
    worker.start()
    worker.join()
    return found[0]

"""


@pytest.mark.parametrize("target", ["Thread(target=work)", "Timer(0, work)"])
def test_what_a_thread_does_is_watched(classroom, run, target):
    solved = classroom.maker.solutions
    helper = THREADS.format(way=target.replace("work", "lambda: found.append(function())"))
    made, forward = solved["LSTMCell"].split("    def forward")
    hidden = (
        "(self, x_t, state):\n"
        "        cell = kinds.LSTMCell(x_t.shape[1], state[0].shape[1])\n"
        "        own = dict(self.named_parameters())\n"
        "        call = torch.func.functional_call\n"
        "        return in_a_thread(lambda: call(cell, own, (x_t, state)))\n"
    )
    verdict = run({"LSTMCell": f"{helper}{made}    def forward{hidden}"}).verdicts["LSTMCell"]
    assert (verdict.points, verdict.finding.stage) == (0, "rules")
    own = forward.replace("return h, c", "return in_a_thread(lambda: (h, c))")
    assert right(run({"LSTMCell": f"{helper}{made}    def forward{own}"})) == {"LSTMCell"}


BEFORE_ITS_CALL = """
kinds = [torch.distributions][0].normal.torch.nn

{made}
    def to(self, dtype):
        sizes = self.weight_ih.shape[1], self.weight_hh.shape[1]
        kinds.LSTMCell(*sizes)(torch.zeros(1, sizes[0]))
        return super().to(dtype)

    def forward{rest}
"""


def test_what_is_done_before_its_call_is_watched(classroom, run):
    made, rest = classroom.maker.solutions["LSTMCell"].split("    def forward")
    verdict = run({"LSTMCell": BEFORE_ITS_CALL.format(made=made, rest=rest)}).verdicts["LSTMCell"]
    assert (verdict.points, verdict.finding.stage) == (0, "rules")


def test_what_would_be_compiled_runs_without(classroom, run):
    made, forward = classroom.maker.solutions["LSTMCell"].split("    def forward")
    compiled = f"{made}    @torch.compile\n    def forward{forward}"
    assert right(run({"LSTMCell": compiled})) == {"LSTMCell"}


def test_nothing_is_learnt_from_being_asked_before(classroom, run, forked):
    texts = classroom.maker.solutions | {"sigmoid": ASKED_BEFORE}
    texts["LSTM"] += "\n\nlater = True\n"
    assert run(texts).verdicts["sigmoid"].points == 0 and len(forked) > 1


def test_wrong_answers_that_no_later_cell_changes_are_asked_in_one_child(classroom, run, forked):
    # What a later cell tries at its top, or imports as the first cell does, changes nothing.
    tried = "import numpy as np\nh = x = np.zeros(3)\nc = i = f = o = h\n"
    wrong = {"LSTM": tried + "LSTM = 3", "lstm_step": "def lstm_step(x, h, c, *w): return c, c"}
    result = run(classroom.maker.solutions | wrong)
    assert {"LSTM", "lstm_step"} == everything(classroom) - right(result)
    assert len(forked) == 1


def test_what_later_cells_change_takes_no_more_than_the_time_of_the_notebook(classroom, warm):
    cells = [(e.name, f"def {e.name}(*a):\n    while helper(): pass") for e in classroom.exercises]
    cells = [("helper", "def helper(): return True"), *cells, ("last", "helper = bool\nh = 1 / 0")]
    cells += [("end", "def helper(): return True")]
    checks = {e.name: k + 2 for k, e in enumerate(classroom.exercises)}
    budget = Budget(cell=60.0, answer=60.0, notebook=3.0, grace=0.2)
    start = time.monotonic()
    result = assess(warm, cells, classroom.exercises, budget, checks=checks)
    # Each answer by itself would take a minute, and another one as it stood at its check.
    assert not right(result) and time.monotonic() - start < 120
    assert {verdict.status for verdict in result.verdicts.values()} == {"fail"}


@pytest.mark.parametrize(
    ("first", "says"),
    [
        ("%matplotlib widget", "%matplotlib failed"),
        ("%cd /nowhere", ""),
        ("%nothing_of_this_name", "%nothing_of_this_name failed: UsageError"),
        ("get_ipython().run_line_magic('timeit', '1 / 0')", "ZeroDivisionError"),
        ("import os, no_module", "No module named 'no_module'. The cell goes on without it"),
        ("from no_module.colab import drive", "No module named 'no_module'"),
        ("from __future__ import annotations\nimport no_module as m", "'no_module'"),
    ],
)
def test_a_first_line_that_fails_here_costs_nothing(classroom, run, first, says):
    answer = classroom.maker.solutions[UNRELATED]
    result = run(classroom.maker.solutions | {UNRELATED: f"{first}\n{answer}"})
    assert right(result) == everything(classroom)
    said = result.outputs[UNRELATED]
    assert not any(one.output_type == "error" for one in said)
    assert says in "".join(one.text for one in said if one.get("name") == "stderr")


@pytest.mark.parametrize(
    ("first", "error"),
    [
        ("def f():\n    a = 1\n   return a\n", "IndentationError: unindent does not match any"),
        ("x = import_me\n", "NameError: name 'import_me' is not defined"),
        ("def f()\n", "SyntaxError: expected ':' (line 1)"),
        ("from numpy import no_name\n", "ImportError: cannot import name 'no_name'"),
        ("if True:\n    import no_module\n", "ModuleNotFoundError: No module named 'no_module'"),
        ("%%timeit -n1 -r1\n1 / 0\n", "ZeroDivisionError: division by zero"),
        ("raise ValueError('a\\nb\\x1b[31m' + 'c' * 999)\n", "ValueError: a bc"),
        ("import os; os._exit(3)\n", "CellEnded: this cell ended the notebook: it ended Python"),
    ],
)
def test_an_answer_that_is_not_there_is_told_what_stopped_its_cell(classroom, run, first, error):
    answer = classroom.maker.solutions[UNRELATED]
    result = run(classroom.maker.solutions | {UNRELATED: first + answer})
    assert right(result) == everything(classroom) - {UNRELATED}
    says = result.verdicts[UNRELATED].finding.says
    assert says.startswith(f"there is no {UNRELATED}: its cell stopped with {error}")
    assert says.isprintable() and len(says) < 400
    assert "child.py" not in str(result.outputs[UNRELATED])


def test_processor_time_is_no_shorter_than_the_time_of_a_notebook():
    # Threads may take several processors at a time.
    assert Budget().processor >= 2 * Budget().notebook


def double(x):
    return 2 * x


class Doubles:
    """An exercise that may call an earlier one, and asks with its right version."""

    kind, stand_in, calls = "numpy", "", 5
    contract = Contract("twice", "numpy", "function", "y", {}, (Part("y", 1),), uses=("double",))

    def __init__(self, reference):
        self.reference, self.name = reference, reference.__name__

    def expected(self, cases):
        return [observe(self.contract, {"twice": double}, case) for case in cases]


def ask(warm, source, helpers, *values):
    """What is seen of an answer on each value, or on the one."""
    exercises = [Doubles(double)]
    run = _Run(warm, [("a", source)], exercises, PATIENT)
    run.start()
    try:
        drawn = Drawn(exercises[0], [Case(str(value), {"x": value}) for value in values])
        seen = run._ask(drawn, helpers)
        return seen if len(values) > 1 else seen[0]
    finally:
        run.stop()


@pytest.mark.parametrize("fatal", range(4))
def test_what_was_seen_before_an_answer_ended_its_process_is_not_lost(warm, fatal):
    source = f"import os\ndef twice(x):\n    if x == {fatal}: os._exit(3)\n    return 2 * x"
    seen = ask(warm, source, (), *range(4))
    assert [one["value"]["array"] for one in seen[:fatal]] == [2 * k for k in range(fatal)]
    assert [one["problem"]["type"] for one in seen[fatal:]] == [ENDED] * (4 - fatal)


def test_a_child_that_someone_kills_between_two_answers_costs_nothing(warm):
    exercise = Doubles(double)
    run = _Run(warm, [("a", "def twice(x): return 2 * x")], [exercise], PATIENT)
    run.start()
    try:
        (child,) = children(warm.pid)
        os.kill(child, signal.SIGKILL)
        while "Z" not in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2]:
            time.sleep(0.01)
        (seen,) = run._ask(Drawn(exercise, [Case("a", {"x": 3.0})]), ())
    finally:
        run.stop()
    assert seen["value"]["array"] == 6.0


def test_right_versions_of_earlier_answers_live_with_the_grader(warm):
    source = "def double(x): return 0 * x\ndef twice(x): return double(x)"
    assert ask(warm, source, (), 3.0)["value"]["array"] == 0.0
    assert ask(warm, source, ("double",), 3.0)["value"]["array"] == 6.0
    sly = "import numpy as np\ndef twice(x): return sly(x)\n"
    sly += "def sly(x): return double(np.zeros(9_999))"
    assert "other than small arrays" in ask(warm, sly, ("double",), 3.0)["problem"]["message"]


def test_right_versions_are_called_so_often_as_the_exercise_allows(warm):
    source = "def twice(x): return sum(double(x) for _ in range({})) / {}"
    seen = ask(warm, source.format(2, 2), ("double",), 3.0, 4.0)
    assert [one["value"]["array"] for one in seen] == [6.0, 8.0]
    problem = ask(warm, source.format(3, 3), ("double",), 3.0)["problem"]
    assert "double was called more than 5 times" in problem["message"]


def test_seeds_are_given_up_after_some_notebooks_or_minutes(monkeypatch):
    now, fresh = [0.0], assessing._Fresh()
    monkeypatch.setattr(assessing.time, "monotonic", lambda: now[0])
    drawn = [fresh.seed(Doubles) for _ in range(10 * assessing.NOTEBOOKS)]
    assert max(map(drawn.count, drawn)) == assessing.NOTEBOOKS
    last = {fresh.seed(Doubles) for _ in range(20)}
    assert len(last) <= assessing.SEEDS + 1
    now[0] += 60 * assessing.MINUTES + 1
    assert not last & {fresh.seed(Doubles) for _ in range(20)}


def test_nothing_is_called_that_was_not_offered(warm):
    source = "import gc, inspect, sys\ndef twice(x):\n    frame = sys._getframe()\n"
    source += "    while 'sock' not in frame.f_locals: frame = frame.f_back\n"
    source += "    module = sys.modules['autograder.grading.earlier']\n"
    source += "    return module.stand_in(frame.f_locals['sock'], 'double', 'numpy')(x)"
    assert "can't be called here" in ask(warm, source, (), 3.0)["problem"]["message"]


@pytest.mark.parametrize(
    "how",
    [
        "off = getattr(torch._C, 'Disable' + 'TorchFunction')\n        with off():\n            {}",
        "with torch.inference_mode():\n            {}",
        "x_t, state = x_t.to('meta'), [s.to('meta') for s in state]\n"
        "        self.to('meta')\n        {}",
        "box = []\n        def run():\n            box.append(({}))\n"
        "        t = threading.Thread(target=run)\n        t.start()\n        t.join()\n"
        "        return box[0]",
    ],
)
def test_the_work_that_pytorch_does_is_seen_below_its_functions(classroom, run, how):
    """However it is called, and whatever names were made for it at run time."""
    work = "list((getattr(torch, 'ls' + 'tm_cell')(x_t, state, *self.parameters()),))[0]"
    if "box" not in how:
        work = f"return {work}"
    texts = short(classroom)
    texts["LSTMCell"] = texts["LSTMCell"].partition("    def forward")[0] + (
        f"    def forward(self, x_t, state):\n        {how.format(work)}\n"
    )
    texts["LSTMCell"] += "\n\nimport threading\n"
    verdict = run(texts).verdicts["LSTMCell"]
    assert (verdict.points, verdict.finding.stage) == (0, "rules")
    assert "torch.lstm_cell" in verdict.finding.says
