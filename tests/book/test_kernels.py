"""Forked kernels: they give what plain ones give, and nothing is left of them."""

import os
import re
import signal
import subprocess
import sys
import time

import jupytext
import nbformat
import pytest
from jupyter_cache.executors.utils import single_nb_execution
from jupyter_client.provisioning import KernelProvisionerFactory

from book._extensions import kernels
from tests.book.conftest import ROOT

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")


@pytest.fixture
def forked(monkeypatch):
    """Let kernels be forked while a test runs, from a warm parent of its own."""
    monkeypatch.setattr(kernels.ForkingProvisioner, "warm_parent", kernels.WarmParent())
    factory = KernelProvisionerFactory.instance()
    monkeypatch.setattr(factory, "default_provisioner_name", factory.default_provisioner_name)
    kernels.use_forked_kernels()


def executed(notebook, folder):
    """Execute a notebook in a kernel of its own; return each code cell's outputs, and the error."""
    result = single_nb_execution(notebook, str(folder), 60, False, coalesce_streams=True)
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    return outputs, result.exc_string


def without_addresses(outputs):
    """Return outputs as text (str), without the places of objects in memory."""
    return re.sub(r"at 0x[0-9a-f]+", "at …", str(outputs))


def notebook_of(*cells):
    """Return a notebook with these code cells (str)."""
    return nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))


def what_pages_do():
    """Return notebooks that together do what pages do: one made for this, and one of the book."""
    made = notebook_of(
        "import os, sys\nprint(os.getcwd(), sys.path, os.environ['OMP_NUM_THREADS'])",
        "print('seen', file=sys.stderr)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "import torch\nlayer, x = torch.nn.GRU(2, 3), torch.ones(5, 1, 2)\n"
        "torch.nn.init.constant_(layer.weight_ih_l0, 0.1)\n"
        "optimizer = torch.optim.Adam([layer.weight_ih_l0])\n"
        "torch.manual_seed(0), torch.rand(2), torch.get_num_threads()",
        "6 * 7",
        "1 / 0",
    )
    return made, jupytext.read(ROOT / "book" / "lstm" / "step.md")


@needs_fork
def test_a_forked_kernel_gives_what_a_plain_one_gives(forked, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    by_forked = [executed(notebook, tmp_path) for notebook in what_pages_do()]
    KernelProvisionerFactory.instance().default_provisioner_name = "local-provisioner"
    by_plain = [executed(notebook, tmp_path) for notebook in what_pages_do()]
    assert without_addresses(by_forked) == without_addresses(by_plain)
    (made, error), (page, no_error) = by_forked
    assert "image/png" in str(made[2]) and "ZeroDivisionError" in error
    assert any(page) and no_error is None


@needs_fork
def test_kernels_share_a_parent_that_has_the_libraries_and_nothing_else(forked, tmp_path):
    asks = "import os, sys\nprint(os.getpid(), os.getppid(), 'torch' in sys.modules)\nmine = 1"
    said = [executed(notebook_of(asks), tmp_path)[0][0][0].text.split() for _ in range(2)]
    (first, parent, loaded), (second, same, also) = said
    assert first != second and parent == same and loaded == also == "True"
    outputs, _ = executed(notebook_of("'mine' in globals()"), tmp_path)
    assert outputs[0][0].data["text/plain"] == "False"


@needs_fork
def test_a_kernel_that_dies_is_noticed(forked, tmp_path):
    with pytest.raises(Exception, match="died"):
        executed(notebook_of("import os\nos._exit(1)"), tmp_path)


BUILD = """
import sys, time
from book._extensions.kernels import use_forked_kernels
from jupyter_client.manager import start_new_kernel
use_forked_kernels()
manager, client = start_new_kernel()
parent = manager.provisioner.warm_parent.process
print(manager.provisioner.pid, parent.pid, flush=True)
time.sleep(60)
"""


def alive(pid):
    """Tell whether a process is there and no zombie."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")


@needs_fork
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_of_a_build_that_is_stopped(how):
    command = [sys.executable, "-c", BUILD]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as build:
        pids = list(map(int, build.stdout.readline().split()))
        assert len(pids) == 2 and all(map(alive, pids))
        build.send_signal(how)
    until = time.monotonic() + 30
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(alive, pids))
