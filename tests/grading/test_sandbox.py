"""What a sandbox lets honest code do, and what it keeps from the rest, layer by layer."""

import json
import os
import subprocess
import sys
import tempfile
from ast import literal_eval
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from autograder.grading import sandbox
from autograder.grading.sandbox import kernel, seccomp, view

ROOT = Path(__file__).resolve().parents[2]
USERS = ["root", "ordinary"] if os.geteuid() == 0 else ["ordinary"]
SOME_USER = 64321
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
NO_NAMESPACES = ["fork", "unshare"]
"""What the kernel refuses where it grants no namespaces."""
NAMESPACES = {name for name in sandbox.LAYERS if name.endswith("namespace")}


class Warm:
    """The warm process, as one user."""

    def __init__(self, user, directory, *how):
        arguments = [sys.executable, "-m", "tests.grading.sandboxed", *how]
        if user == "ordinary" and os.geteuid() == 0:
            arguments.append(str(SOME_USER))
            os.chown(directory, SOME_USER, SOME_USER)
        self.user = user
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "OMP_NUM_THREADS": "1",
                "SANDBOX_TEST_DIRECTORY": str(directory),
                "OUR_SECRET": "of-no-concern",
            },
        )

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def granted(self):
        """Return the names of the layers that this machine grants."""
        return [name for name, reason in self.ask("probe").items() if not reason]

    def result(self, code, layers=None, **options):
        if layers is not None:
            refused = {name: why for name, why in self.ask("probe").items() if why}
            for name in refused.keys() & set(layers):
                pytest.skip(f"this machine does not grant {name}: {refused[name]}")
            options["layers"] = layers
        told = self.ask({"code": code, **options})
        assert "error" not in told, told["error"]
        assert told["exit"] == 0, told
        return told["result"]


@pytest.fixture(scope="module", params=USERS)
def warm(request):
    with started(request.param) as warm:
        yield warm


def needed(warm, *names):
    """Skip a test, loudly, where the machine does not grant the layer that it is about."""
    for name in names:
        if reason := warm.ask("probe")[name]:
            pytest.skip(f"this machine does not grant {name}: {reason}")


@contextmanager
def started(user, *how):
    # Not beneath pytest's own directory, which an ordinary user can't enter when root runs this.
    with tempfile.TemporaryDirectory() as directory:
        warm = Warm(user, directory, *how)
        yield warm
        warm.process.stdin.close()
        warm.process.wait()


@pytest.fixture(params=["all layers", "namespaces refused"])
def inside(request, warm):
    """Run code in a sandbox with all layers, and in one where the kernel grants no namespaces."""
    refused = NO_NAMESPACES if request.param == "namespaces refused" else []

    def run(code, **options):
        return warm.result(code, refuse=refused, **options)

    return run


def test_probe_tells_what_comes_in_force(warm):
    assert list(warm.ask("probe")) == list(sandbox.LAYERS)
    assert warm.granted() == warm.result("result = layers")
    assert sandbox.missing(warm.granted()) == []


def test_a_layer_says_what_it_protects_from():
    refused = sandbox.Layer("seccomp", False, "programs", "the kernel is too old")
    assert (
        str(refused)
        == "seccomp: NOT in force: the kernel is too old. Keeps student code from programs."
    )


def test_refused_namespaces_leave_the_other_layers(warm):
    rest = [name for name in warm.granted() if name not in NAMESPACES]
    assert warm.result("result = layers", refuse=NO_NAMESPACES) == rest


def test_root_of_a_namespace_with_no_other_user_gets_as_much(warm):
    needed(warm, *NAMESPACES)
    with started(USERS[0], "lone") as lone:
        assert lone.granted() == warm.granted()
        assert lone.result("import os; open('x', 'w'); result = os.getuid()") == 65534


def test_a_kernel_that_grants_no_user_namespace_is_told_of(warm):
    needed(warm, *NAMESPACES)
    with started(USERS[0], "refusing") as refusing:
        told = refusing.ask("probe")
        assert "max_user_namespaces" in told["user-namespace"]
        left = [name for name in warm.granted() if name != "user-namespace"]
        assert refusing.granted() == left
        assert refusing.result("open('x', 'w'); result = layers") == left


def test_a_view_that_fails_half_way_leaves_the_private_directory(warm):
    code = "import os\nopen('x', 'w').write('x')\nresult = [layers, os.listdir()]"
    in_force, files = warm.result(code, refuse=["pivot_here"])
    assert in_force == [name for name in warm.granted() if name != "mount-namespace"]
    assert files == ["x"]


def test_an_installed_package_is_left_out_of_what_can_be_read(monkeypatch, tmp_path):
    """Where the project is installed among the packages, it is the one that is not shown."""
    for name in ("numpy", "autograder/grading", "torch"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
    packages = str(tmp_path / "site-packages")
    monkeypatch.setattr(view, "PACKAGE", tmp_path / "site-packages" / "autograder")
    monkeypatch.setattr(view.sysconfig, "get_path", lambda *_, **__: packages)
    shown = [path for path in view.readable.__wrapped__() if path.startswith(str(tmp_path))]
    assert shown == [f"{packages}/numpy", f"{packages}/torch"]


def test_below_the_minimum_nothing_runs(warm):
    told = warm.ask({"code": "result = 1", "layers": ["limits", "privileges", "seccomp"]})
    assert "lacks landlock-files or mount-namespace" in told["error"]
    assert "autograder doctor` says which" in told["error"] and "--without-sandbox" in told["error"]
    assert sandbox.missing([]) == [
        "landlock-files or mount-namespace",
        "seccomp",
        "privileges",
        "limits",
    ]


def test_threads_of_the_caller_are_refused(warm):
    before = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
    assert "has threads" in warm.ask({"code": "", "before": before})["error"]


# Honest code.

HONEST = {
    "numpy": """
x = np.random.default_rng(0).normal(size=(50, 50))
result = bool(np.allclose(np.linalg.inv(x) @ x, np.eye(50)))
""",
    "torch": "result = (torch.ones(3, 4) @ torch.ones(4, 2)).tolist() == [[4, 4]] * 3",
    "autograd": """
x = torch.ones(3, requires_grad=True)
(x**2).sum().backward()
result = x.grad.tolist() == [2, 2, 2]
""",
    "training": """
torch.manual_seed(0)
net, data = torch.nn.LSTM(3, 4), torch.randn(5, 2, 3)
optimizer = torch.optim.Adam(net.parameters())
for _ in range(3):
    optimizer.zero_grad()
    net(data)[0].pow(2).mean().backward()
    optimizer.step()
result = True
""",
    "plot": """
import os
fig, ax = plt.subplots()
ax.plot([1, 2], label="σ")
ax.set_title("$h_t$")
ax.legend()
for name in ("plot.png", "plot.svg", "plot.pdf"):
    fig.savefig(name)
result = all(os.path.getsize(name) > 1000 for name in ("plot.png", "plot.svg", "plot.pdf"))
""",
    "files": """
import os, pathlib, shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "a.npy")
    np.save(path, np.arange(5))
    shutil.copy2(path, path.with_name("b.npy"))
    os.replace(path.with_name("b.npy"), "c.npy")
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("text")
result = np.load("c.npy").sum() == 10 and not os.path.exists(folder)
result = bool(result)
""",
    "threads": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    result = list(pool.map(abs, range(-4, 0))) == [4, 3, 2, 1]
""",
    "asyncio": """
import asyncio
async def one():
    await asyncio.sleep(0)
    return await asyncio.to_thread(lambda: True)
result = asyncio.run(one())
""",
    "imports": """
import wave, sqlite3, zoneinfo, networkx, xml.etree.ElementTree
result = sqlite3.connect("t.db").execute("select 1").fetchone() == (1,)
""",
    "warnings": """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    np.float64(1) / np.float64(0)
result = len(caught) == 1
""",
    "signals": """
import signal
def late(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.01)
try:
    while True:
        pass
except TimeoutError:
    result = True
""",
    "devices": """
with open("/dev/urandom", "rb") as source, open("/dev/null", "wb") as sink:
    result = sink.write(source.read(4)) == 4
""",
    "environment": """
import os
home = os.getcwd()
result = os.environ["HOME"] == os.environ["TMPDIR"] == home and os.listdir(home) == []
""",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_works(inside, name):
    assert inside(HONEST[name]) is True


def test_the_processor_is_known_inside(inside, warm):
    """Else PyTorch would take other routines than outside, and round in another way."""
    ask = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    outside = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True
    )
    assert inside("result = torch.backends.cpu.get_cpu_capability()") == outside.stdout.strip()


# What isn't theirs.

FILE_LAYERS = {
    "all": None,
    "mounts alone": ["user-namespace", "mount-namespace", "privileges"],
    "Landlock alone": ["landlock-files", "privileges"],
}

OURS = [str(Path(sandbox.__file__)), str(Path(__file__)), str(ROOT / "pyproject.toml")]
"""Files of the project, which lies beside Python's packages or above them."""

READ = f"""
import os
paths = ["/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/self/mem", "/proc/self/maps"]
paths += ["/proc/self/exe", "/proc/1/environ", f"/proc/{{server}}/environ", f"/proc/{{server}}/mem"]
paths += ["/proc/self/cwd/x", "/proc/self/root/etc/passwd", "/proc/mounts", "/sys/kernel/notes"]
paths += [f"{{directory}}/../secret", "../../../etc/passwd", "/dev/mem", "/dev/sda", *{OURS}]
folders = ["/root", "/home", "/tmp", "/var", "/etc", "/proc", "..", f"{{directory}}/.."]
folders += [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
result = tries(
    **{{path: lambda path=path: open(path, "rb").read(9) for path in paths}},
    **{{folder: lambda folder=folder: os.listdir(folder) for folder in folders}},
)
"""


@pytest.mark.parametrize("layers", FILE_LAYERS)
def test_no_file_but_pythons_is_read(warm, layers):
    came = warm.result(READ, layers=FILE_LAYERS[layers], minimum=False)
    if layers != "Landlock alone":
        # It leads to the private directory, in which nothing lies yet.
        assert came.pop("/tmp") == "[]"
    if layers == "mounts alone":
        # The folders above what may be read are there, and hold nothing else.
        skeleton = {part for path in view.readable() for part in Path(path).resolve().parts}
        skeleton |= {part for path in view.readable() for part in path.split("/")}
        skeleton |= {"null", "zero", "full", "student", "tmp"}
        folders = {path for path, text in came.items() if text.startswith("[")}
        came = {
            p: t for p, t in came.items() if p not in folders or set(literal_eval(t)) - skeleton
        }
    assert came == {}


WRITE = f"""
import os, sys, sysconfig
library = sysconfig.get_path("purelib")
target = os.path.abspath(np.__file__)
result = tries(
    beside=lambda: open("../x", "w"),
    site=lambda: open(library + "/x.py", "w"),
    append=lambda: open(target, "a"),
    empty=lambda: os.open(target, os.O_RDONLY | os.O_TRUNC),
    truncate=lambda: os.truncate(target, 0),
    remove=lambda: os.remove(target),
    rename=lambda: os.rename(target, "numpy.py"),
    link=lambda: os.link(target, "numpy.py"),
    tmp=lambda: open("/tmp/x", "w"),
    host=lambda: open(f"{{directory}}/../x", "w"),
    project=lambda: open({str(ROOT / "x")!r}, "w"),
    core=lambda: open("/proc/sys/kernel/core_pattern", "w"),
    fifo=lambda: os.mkfifo("fifo"),
    device=lambda: os.mknod("device", 0o020666, os.makedev(1, 1)),
    attribute=lambda: os.setxattr(target, "user.x", b"x"),
)
"""


@pytest.mark.parametrize("layers", FILE_LAYERS)
def test_nothing_outside_is_written(warm, layers):
    came = warm.result(WRITE, layers=FILE_LAYERS[layers], minimum=False)
    if layers != "Landlock alone":
        came.pop("tmp")  # which leads to the private directory
    # Each layer is silent where it has nothing to do with it.
    if layers == "mounts alone":
        came.pop("fifo", None)
    if layers == "Landlock alone":
        came.pop("attribute", None)
    assert came == {}


def test_modes_of_files_outside_stay(inside):
    """Landlock does not watch chmod; the filter makes it do nothing."""
    assert inside(
        """
import os
mode = os.stat(np.__file__).st_mode
tries(
    path=lambda: os.chmod(np.__file__, 0),
    fd=lambda: os.fchmod(os.open(np.__file__, os.O_RDONLY), 0),
)
result = os.stat(np.__file__).st_mode == mode
"""
    )


def test_what_is_written_to_tmp_lies_in_the_private_directory(warm):
    needed(warm, "mount-namespace")
    code = """
import os, tempfile
open("/tmp/of-a-student", "w").write("x")
with tempfile.NamedTemporaryFile(dir="/tmp") as file:
    result = [file.write(b"x"), os.listdir(), os.path.samefile("/tmp", os.environ["HOME"])]
"""
    for _ in range(2):
        written, there, same = warm.result(code)
        assert written == 1 and same and "of-a-student" in there and len(there) == 2
    assert not os.path.lexists("/tmp/of-a-student")


def test_a_private_directory_in_memory_leaves_nothing(warm):
    needed(warm, "mount-namespace")
    assert warm.ask({"code": "open('x', 'w').write('x')"})["left"] == []
    assert warm.ask({"code": "open('x', 'w').write('x')", "refuse": NO_NAMESPACES})["left"] == ["x"]


def test_the_environment_is_gone_from_memory_too(inside):
    before = """
import ctypes, os
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
start, end = int(fields[47]), int(fields[48])
assert b"OUR_SECRET" in ctypes.string_at(start, end - start)
"""
    code = """
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
left = set(ctypes.string_at(start, end - start))
result = [sorted(left), os.environ.get("OUR_SECRET"), libc.getenv(b"OUR_SECRET")]
"""
    assert inside(code, before=before) == [[0], None, None]


def test_descriptors_are_closed(inside):
    before = f"import os\nheld = os.open({str(ROOT)!r}, os.O_RDONLY)\nother = os.dup(held)"
    code = """
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
result = [n for n in range(256) if is_open(n) and n not in (0, 1, 2, channel)]
"""
    assert inside(code, before=before) == []


def test_the_attempts_work_where_nothing_holds_them(warm):
    """A test of the tests above: an attempt that fails by itself would prove nothing."""
    came = warm.result(READ, layers=[], minimum=False)
    assert {"/etc/passwd", "/proc/self/environ", *OURS} <= set(came)
    assert {"/tmp", "/proc", str(ROOT), ".."} <= set(came)


# Other processes and the network.

SIGNAL_LAYERS = {
    "all": None,
    "namespaces alone": [*sorted(NAMESPACES), "privileges"],
    "Landlock alone": ["landlock-scope", "privileges"],
    "seccomp alone": ["seccomp", "privileges"],
}


@pytest.mark.parametrize("layers", SIGNAL_LAYERS)
def test_no_signal_reaches_others(warm, layers):
    code = """
import os
result = tries(
    server=lambda: os.kill(server, 0),
    parent=lambda: os.kill(os.getppid() or server, 0),
)
"""
    assert warm.result(code, layers=SIGNAL_LAYERS[layers], minimum=False) == {}


def test_processes_can_be_neither_started_nor_traced(inside):
    code = """
import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
result = tries(
    fork=os.fork,
    vfork=lambda: call("vfork"),
    run=lambda: subprocess.run(["true"]),
    program=lambda: os.execv("/lib64/ld-linux-x86-64.so.2", ["ld.so", "/bin/true"]),
    ptrace=lambda: call("ptrace", 16, os.getppid() or server, 0, 0),
    traceme=lambda: call("ptrace", 0, 0, 0, 0),
    memory=lambda: call("process_vm_readv", server, None, 0, None, 0, 0),
    limits=lambda: call("prlimit", server, 7, None, None),
    nice=lambda: os.setpriority(os.PRIO_PROCESS, server, 1),
    affinity=lambda: os.sched_setaffinity(0, {0}),
    unshare=lambda: call("unshare", 0x10000000),
    setns=lambda: call("setns", 0, 0),
    chroot=lambda: os.chroot("."),
    mount=lambda: call("mount", b"none", b".", b"tmpfs", 0, None),
    user=lambda: os.setuid(0),
    group=lambda: os.setgroups([0]),
    host=lambda: call("sethostname", b"x", 1),
    memfd=lambda: os.memfd_create("x"),
    pidfd=lambda: os.pidfd_open(server),
    personality=lambda: call("personality", 0x40000),
    dumpable=lambda: call("prctl", 4, 1, 0, 0, 0),
    death=lambda: call("prctl", 1, 0, 0, 0, 0),
    shm=lambda: call("shmget", 1, 4096, 0o1600),
    **{
        f"{number}": lambda number=number: call("syscall", ctypes.c_long(number), 0, 0, 0, 0, 0)
        # keyctl family, bpf, perf, userfaultfd on x86_64; io_uring and the mount calls on all
        for number in (248, 249, 250, 321, 298, 323, 425, 426, 427, 428, 429, 430, 434, 435, 438)
    },
)
"""
    assert inside(code) == {}


@pytest.mark.skipif(kernel.MACHINE != "x86_64", reason="this machine has no second kind of call")
def test_calls_of_another_machine_are_deadly(warm):
    code = """
import ctypes, mmap
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(bytes.fromhex("b814000000cd80c3"))  # getpid of 32-bit programs
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
"""
    assert warm.ask({"code": code})["exit"] == -31


def test_each_number_means_one_call():
    text = seccomp._ALLOWED + seccomp._PRETENDED + seccomp._UNSUPPORTED + seccomp._CONDITIONAL
    for column in (0, 1, 2):
        values = [entry.split(":")[column] for entry in text.split()]
        held = [value for value in values if value != "-"]
        assert len(held) == len(set(held))


def test_capabilities_are_none(inside):
    code = """
import ctypes
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
assert ctypes.CDLL(None).capget(header, data) == 0
result = list(data)
"""
    assert inside(code) == [0] * 6


NETWORK_LAYERS = {
    "none": [],
    "Landlock alone": ["landlock-network", "landlock-scope", "privileges"],
    "all": None,
    "namespaces alone": [*sorted(NAMESPACES), "privileges"],
    "seccomp alone": ["seccomp", "privileges"],
}


@pytest.mark.parametrize("layers", NETWORK_LAYERS)
def test_no_network(warm, layers):
    code = """
import socket
def reach(kind, family=socket.AF_UNIX, how=socket.SOCK_DGRAM):
    with socket.socket(family, how) as own:
        own.connect(addresses[kind] if family == socket.AF_UNIX else tuple(addresses[kind]))
def through_pair():
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"x", addresses["named"])
result = tries(
    tcp=lambda: reach("tcp", socket.AF_INET, socket.SOCK_STREAM),
    udp=lambda: reach("udp", socket.AF_INET),
    abstract=lambda: reach("abstract", how=socket.SOCK_STREAM),
    named=lambda: reach("named"),
    pair=through_pair,
)
result = sorted(result)
"""
    expected = {
        "none": ["abstract", "named", "pair", "tcp", "udp"],
        "Landlock alone": ["named", "pair", "udp"],
    }
    came = warm.result(code, layers=NETWORK_LAYERS[layers], minimum=False)
    assert came == expected.get(layers, [])


# Harm.


def test_memory_is_bounded(inside):
    code = """
def fails(function):
    try:
        function()
    except (MemoryError, RuntimeError):
        return True
grown = []
def grow():
    while True:
        grown.append(bytearray(1 << 22))
result = [fails(grow), len(grown) <= 64]
grown.clear()
result.append(fails(lambda: torch.ones(1 << 30)))
"""
    assert inside(code, limits={"memory_bytes": 256 << 20}) == [True, True, True]


def test_threads_are_bounded(inside, warm):
    # threading waits for a new thread to say that it runs, which it never does where the memory
    # ends just then.
    code = """
import _thread, threading
threading.stack_size(1 << 16)
closed, started = _thread.allocate_lock(), 0
closed.acquire()
try:
    while started < 3000:
        _thread.start_new_thread(closed.acquire, ())
        started += 1
except RuntimeError:
    pass
result = [started, "user-namespace" in layers]
"""
    started, alone = inside(code, limits={"threads": 20})
    # Root without a namespace is bounded by memory alone, and by the kernel's own limit.
    if alone:
        assert 15 <= started <= 21
    elif warm.user == "ordinary":
        assert started < 3000


def test_a_fork_bomb_is_bounded_without_the_filter_too(warm):
    code = """
import os, time
started = 0
try:
    while started < 3000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        started += 1
except BlockingIOError:
    pass
result = started
"""
    layers = [name for name in sandbox.LAYERS if name != "seccomp"]
    started = warm.result(code, layers=layers, minimum=False, limits={"threads": 20})
    assert 15 <= started <= 21


def test_disk_is_bounded(warm):
    code = """
import os
written, made = 0, 0
try:
    for number in range(100):
        with open(f"big{number}", "wb", buffering=0) as file:
            for _ in range(8):
                written += file.write(bytes(1 << 20))
except OSError as error:
    first = error.errno
for name in os.listdir():
    os.remove(name)
try:
    for made in range(1000):
        open(f"small{made}", "w").close()
except OSError as error:
    second = error.errno
result = [first, written >> 20, second, made]
"""
    needed(warm, "mount-namespace")
    limits = {"disk_bytes": 16 << 20, "files": 50}
    first, megabytes, second, made = warm.result(code, limits=limits)
    assert (first, megabytes) == (28, 16)
    assert (second, made) == (28, 49)


def test_one_file_is_bounded(inside):
    code = """
try:
    open("big", "wb").write(bytes(3 << 20))
except OSError as error:
    result = error.errno
"""
    assert inside(code, limits={"file_bytes": 1 << 20}) == 27


def test_descriptors_are_bounded(inside):
    code = """
import os
held = []
try:
    while len(held) < 5000:
        held += os.pipe()
except OSError as error:
    held = [error.errno, len(held) <= 40]
result = held
for number in range(20, 40):
    os.close(number)
"""
    assert inside(code, limits={"open_files": 40}) == [24, True]


def test_limits_cannot_be_raised(inside):
    code = """
import resource
def raises():
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
try:
    raises()
except (ValueError, OSError):
    result = True
"""
    assert inside(code) is True


@pytest.mark.parametrize("refuse", [[], NO_NAMESPACES])
def test_processor_time_is_bounded(warm, refuse):
    code = """
import signal
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
"""
    assert warm.ask({"code": code, "limits": {"cpu_seconds": 1}, "refuse": refuse})["exit"] == -9


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import os; os._exit(3)", 3),
        ("import os; os.abort()", -6),
        ("import ctypes; ctypes.string_at(0)", -11),
    ],
)
def test_how_a_sandbox_ended_is_told(warm, code, status):
    came = warm.ask({"code": code})["exit"]
    # The first process of a namespace can't be ended by its own SIGABRT: it ends by a fault.
    assert came == status or (status == -6 and came == -11)


FORKING = """
import os, time
for number in range(5):
    if os.fork() == 0:
        os.setsid()
        break
os.write(channel, b"ready\\n")
while True:
    time.sleep(1)
"""


def test_killing_the_sandbox_kills_all(warm):
    """The answer comes only when nothing holds the channel any more."""
    layers = [name for name in sandbox.LAYERS if name != "seccomp"]
    needed(warm, "pid-namespace")
    told = warm.ask({"code": FORKING, "kill": "sandbox", "layers": layers, "minimum": False})
    assert told["exit"] == -9


@pytest.mark.parametrize("refuse", [[], NO_NAMESPACES])
def test_the_death_of_the_parent_kills_all(warm, refuse):
    code = "import os, time\nos.write(channel, b'ready\\n')\nwhile True:\n    time.sleep(1)"
    told = warm.ask({"code": code, "kill": "parent", "refuse": refuse})
    assert told["exit"] == -9


def test_a_root_without_power_over_files_is_locked_in_all_the_same():
    def weaken():
        # As containers do; an ordinary user has no such power from the start.
        with suppress(PermissionError):
            for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
                kernel.prctl(kernel.PR_CAPBSET_DROP, capability)

    command = [sys.executable, "-m", "autograder", "doctor"]
    told = subprocess.run(command, cwd=ROOT, preexec_fn=weaken, capture_output=True, text=True)
    assert told.returncode == 0, told
    assert "seccomp: in force" in told.stdout and "No such file" not in told.stdout
