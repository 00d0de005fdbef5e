"""What the attacks do to stock nbgrader: run each once, locked up, and keep what came of it.

    python -m tests.attacks.stock

It runs hostile code the way stock nbgrader does, with the rights of who grades. So it needs root,
to give those rights away first: each attack gets a machine of its own to ruin, with its own
processes, network, memory file systems and a copy of a course, and is an ordinary user there with
limits on processes, memory, files and time. What came of it is kept in ``outcomes.json``, from
which the appendix of the book makes its table; what comes of them here is what the tests hold.
"""

import contextlib
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat

from autograder import course
from autograder.assignments.example import Maker
from autograder.assignments.folder import write_source
from autograder.exercises import CHAPTERS
from autograder.grading.sandbox import kernel
from tests.attacks.corpus import ALL, NETWORK, READING, WRITING

OUTCOMES = Path(__file__).with_name("outcomes.json")
ASSIGNMENT, HONEST, USER = "lstm", "zzz-honest", 54_321
PATIENCE = 300
"""Seconds after which a run of one submission counts as stopped."""
SECRET = "the-instructors-secret"
PORT = 8099
CROWD = 30
"""Processes after a run that are more than nbgrader leaves."""
HOME = "/home/instructor"
DIRECTORIES = {"source_directory": "source", "release_directory": "release"}

NOTHING, POINTS, READ, WROTE, SENT = "nothing", "points", "read", "wrote", "sent"
HUNG, KILLED, UNGRADED, HARMED = "stops the batch", "ends the grader", "no grade", "took resources"
WORDS = (POINTS, READ, WROTE, SENT, HUNG, KILLED, UNGRADED, HARMED)
"""What can come of an attack; ``nothing`` where none of these does."""


def make_course(root):
    """Make a course directory with every attack and an honest submission handed in."""
    exercises = CHAPTERS[ASSIGNMENT]
    write_source(course.SOLUTIONS / f"{ASSIGNMENT}.md", exercises, root / "source")
    course.configure(root)
    course.generate(ASSIGNMENT, root, **DIRECTORIES)
    name = f"{ASSIGNMENT}.ipynb"
    maker = Maker(
        root / "release" / ASSIGNMENT / name, root / "source" / ASSIGNMENT / name, exercises
    )
    put = {"COURSE": "/tmp/course", "ROOT": str(course.ROOT), "PORT": str(PORT)}
    put["GETPPID"] = '[f"/proc/{os.getppid()}/environ", f"/proc/{os.getppid()}/cmdline"]'
    made = {HONEST: maker.solved()}
    for attack in ALL:
        cells = dict(attack.cells)
        for word, value in put.items():
            cells = {cell: lines.replace(word, value) for cell, lines in cells.items()}
        made[attack.name] = maker.notebook((maker.solutions if attack.solved else {}) | cells)
    for student, notebook in made.items():
        folder = root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / name).write_text(nbformat.writes(notebook), encoding="utf-8")


def lock_up(base):
    """Make a machine within the machine, with a copy of the course."""
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    python = os.path.realpath(sys.base_prefix)
    held = [(path, os.open(path, os.O_PATH)) for path in (python, str(base))]
    for place in ("/root", "/home", "/tmp", "/var/tmp", "/run", "/dev/shm"):
        if os.path.isdir(place):
            kernel.mount("none", place, "tmpfs", kernel.MS_NOSUID, "size=500m,mode=1777")
    kernel.mount("none", "/proc", "proc", 0)
    for path, descriptor in held:
        if not os.path.exists(path):
            os.makedirs(path)
            kernel.mount(f"/proc/self/fd/{descriptor}", path, None, kernel.MS_BIND)
    os.chmod("/root", 0o755)
    with socket.socket() as sock:
        # The network of its own has one interface, which is down.
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH22x", b"lo", 0x1 | 0x40))
    shutil.copytree(base, "/tmp/course")
    course.configure(Path("/tmp/course"), CourseDirectory=DIRECTORIES)
    os.makedirs(HOME)
    Path(HOME, "keys").write_text(SECRET)
    subprocess.run(["chown", "-R", f"{USER}:{USER}", "/tmp/course", HOME], check=True)


def become_ordinary():
    """Be an ordinary user with limits, about to start nbgrader."""
    os.setsid()
    for name, value in (
        (resource.RLIMIT_NPROC, 150),
        (resource.RLIMIT_AS, 4 << 30),
        (resource.RLIMIT_FSIZE, 100 << 20),
        (resource.RLIMIT_CPU, 120),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (value, value))
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def snapshot():
    """What no submission may change: path to content's size and time."""
    found = {}
    for place in ("submitted", "source", "release"):
        for path in Path("/tmp/course", place).rglob("*"):
            if "__pycache__" not in path.parts and not path.is_dir():
                stat = path.lstat()
                found[str(path)] = (stat.st_mtime_ns, stat.st_mode, stat.st_size)
    return found


def run_one(attack):
    """In the first process of a machine of its own: grade one attack; what came of it."""
    server = socket.create_server(("127.0.0.1", PORT))
    server.setblocking(False)
    before = snapshot()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "COURSE_SECRET": SECRET,
        "COURSE_GRADER": "stock",
    }
    command = ["-m", "nbgrader", "autograde", ASSIGNMENT, "--student", attack.name]
    came = []
    with open("/tmp/said.txt", "wb") as said:
        grader = subprocess.Popen(
            [sys.executable, *command],
            cwd="/tmp/course",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            preexec_fn=become_ordinary,
        )
        try:
            code = grader.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
            came.append(HUNG)
    if sum(name.isdigit() for name in os.listdir("/proc")) > CROWD:
        came.append(HARMED)
    if os.getpid() != 1:
        raise RuntimeError("this is no machine of its own: all that runs here would be killed")
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    if code is not None and code < 0:
        came.append(KILLED)
    came += evidence(attack, before, server)
    return [word for word in WORDS if word in came] or [NOTHING]


SCORES = """select base_cell.name, auto_score from grade
    join base_cell on base_cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    where student_id = ? and base_cell.name like 'check_%'"""


def evidence(attack, before, server):
    """What an attack has left behind."""
    if snapshot() != before or any(
        os.path.exists(f"{place}/attack") for place in ("/tmp", "/var/tmp", "/dev/shm", "/run")
    ):
        yield WROTE
    try:
        server.accept()
        yield SENT
    except BlockingIOError:
        pass
    name = f"{ASSIGNMENT}.ipynb"
    try:
        text = Path("/tmp/course/autograded", attack.name, ASSIGNMENT, name).read_text()
    except OSError:
        text = ""
    if '"evalue": "LEAK' in text or SECRET in text:
        kinds = (READING, READ), (WRITING, WROTE), (NETWORK, SENT)
        yield next((word for attacks, word in kinds if attack in attacks), HARMED)
    try:
        with sqlite3.connect("file:/tmp/course/gradebook.db?mode=ro", uri=True) as book:
            graded = dict(book.execute(SCORES, (attack.name,)).fetchall())
    except sqlite3.Error:
        yield WROTE
        return
    graded = {name.removeprefix("check_"): score for name, score in graded.items()}
    if not text or not graded or set(graded.values()) == {None}:
        yield UNGRADED
    earned = {e.name for e in CHAPTERS[ASSIGNMENT] if attack.solved and e.name not in attack.cells}
    if any(score for name, score in graded.items() if name not in earned):
        yield POINTS
    if any(not graded.get(name) for name in earned):
        yield UNGRADED


def alone(base, attack):
    """Run an attack in a machine of its own, from another thread's point of view: its outcome."""
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "tests.attacks.stock", "inside", str(base), attack.name]
    with subprocess.Popen([*command, str(writer)], pass_fds=[writer], cwd=course.ROOT):
        os.close(writer)
        with open(reader, "rb") as pipe:
            return json.loads(pipe.read() or b'["the run failed"]')


def inside(base, name, writer):
    """Enter the machine, run the attack and write what came of it."""
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC
    kernel.unshare(flags)
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        return
    lock_up(Path(base))
    attack = next(attack for attack in ALL if attack.name == name)
    os.write(int(writer), json.dumps(run_one(attack)).encode())
    os._exit(0)


def main():
    """Run all attacks, or those that are named, and keep what came of them."""
    if os.geteuid() != 0:
        sys.exit("this needs root, to lock the attacks up before they run with a user's rights")
    kept = json.loads(OUTCOMES.read_text()) if OUTCOMES.exists() else {}
    kept = {attack.name: kept[attack.name] for attack in ALL if attack.name in kept}
    wanted = [attack for attack in ALL if attack.name in sys.argv[1:] or not sys.argv[1:]]
    base = Path(tempfile.mkdtemp(prefix="attacks-", dir=course.BUILD))
    try:
        make_course(base)

        def run(attack):
            start = time.monotonic()
            came = alone(base, attack)
            print(
                f"{attack.name}: {', '.join(came)} ({time.monotonic() - start:.0f} s)", flush=True
            )
            return attack.name, came

        # Much of their time they wait.
        with ThreadPoolExecutor(2 * os.cpu_count()) as pool:
            for done in as_completed([pool.submit(run, attack) for attack in wanted]):
                name, came = done.result()
                kept[name] = came
                ordered = {attack.name: kept[attack.name] for attack in ALL if attack.name in kept}
                OUTCOMES.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        inside(*sys.argv[2:])
    else:
        main()
