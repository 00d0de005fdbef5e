"""Kernels forked from a warm parent: they start with numpy, torch and matplotlib imported.

Each page of the book runs in a kernel of its own, and nearly all import the same libraries, which
takes seconds. So the first kernel of a build starts the *warm parent*: an interpreter that imports
these libraries once and then forks, for each kernel, a child that has them. It has one thread and
computes nothing, because threads don't survive a fork; what belongs to a kernel alone (IPython's
shell, its sockets and threads) is made in the child.

For each kernel the build makes a pair of connected sockets, the kernel's *line*, and hands one end
to the warm parent. The child reads from it what to run and answers with its process id. The line
stays open as long as the child lives. The warm parent ends when its own socket closes, that is
when the build ends, in whatever way; a kernel ends when it has lost the warm parent.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from importlib.metadata import EntryPoint

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

# torch._dynamo is what the first optimizer imports.
PRELOADED = ("numpy", "torch", "torch._dynamo", "matplotlib.pyplot", "ipykernel.kernelapp")
NAME = "forked"


class ForkedKernel:
    """What a provisioner needs to know of a kernel's process: a part of ``subprocess.Popen``.

    Parameters
    ----------
    line : socket.socket, the build's end of the kernel's line
    pid : int
    """

    stdin = stdout = stderr = None

    def __init__(self, line, pid):
        self.line, self.pid = line, pid

    def poll(self):
        """Return None as long as the kernel lives, then 0: how it ended, only its parent knows."""
        return 0 if select.select([self.line], [], [], 0)[0] else None

    def wait(self):
        """Wait until the kernel has ended."""
        select.select([self.line], [], [])
        return 0

    def send_signal(self, signum):
        """Send a signal (int) to the kernel if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signum)


class WarmParent:
    """The build's side of the warm parent, which starts with the first kernel."""

    def __init__(self):
        self.requests = None
        self.lock = threading.Lock()

    def start(self):
        """Start the process."""
        self.requests, theirs = socket.socketpair()
        with theirs:
            # Pages' figures come as in any kernel; matplotlib asks for this when it is imported.
            inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=os.environ | inline,
                start_new_session=True,  # Ctrl-C is for the build
            )

    def fork(self, command, cwd, env):
        """Return a new kernel (ForkedKernel).

        Parameters
        ----------
        command : list of str, as for a process of its own
        cwd : str, the directory in which it runs
        env : dict, its environment
        """
        line, theirs = socket.socketpair()
        with theirs, self.lock:
            if self.requests is None:
                self.start()
            socket.send_fds(self.requests, [b"k"], [theirs.fileno()])
        with line.makefile("rw") as text:
            print(json.dumps([command, cwd, env]), file=text, flush=True)
            pid = text.readline()
        if not pid:
            raise ChildProcessError("the warm parent of the kernels has ended")
        return ForkedKernel(line, int(pid))


class ForkingProvisioner(LocalProvisioner):
    """Jupyter's way to its kernels, but that they come from the warm parent."""

    warm_parent = WarmParent()

    async def launch_kernel(self, cmd, *, env, cwd=".", **kwargs):
        """Start a kernel; the arguments are those of ``LocalProvisioner.launch_kernel``."""
        self.process = self.warm_parent.fork(cmd, os.path.abspath(cwd), env)
        self.pid = self.pgid = self.process.pid
        self.cwd = cwd
        return self.connection_info


def use_forked_kernels():
    """Let all kernels that this process starts be forked, where the system can fork."""
    if hasattr(os, "fork"):
        entry = EntryPoint(NAME, f"{__name__}:{ForkingProvisioner.__name__}", "")
        KernelProvisionerFactory.provisioners[NAME] = entry
        KernelProvisionerFactory.instance().default_provisioner_name = NAME


def wait_for_kernel(requests):
    """Fork for each request; return, in the child, the descriptor (int) of its end of the line."""
    while True:
        _, lines, *_ = socket.recv_fds(requests, 1, 1)
        if not lines:
            sys.exit()
        if os.fork() == 0:
            return lines[0]
        os.close(lines[0])


def main(requests_fd):
    """Be the warm parent and, in its children, a kernel."""
    del sys.path[0]  # the directory of this file, which is on no kernel's path
    # ipykernel notes when it is imported whose end shall be its own.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    for module in PRELOADED:
        importlib.import_module(module)
    gc.freeze()  # else each child's garbage collector would go through, and so copy, all of it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels
    with socket.socket(fileno=requests_fd) as requests:
        line = wait_for_kernel(requests)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    # The line is never closed, so that it ends when the process does.
    with open(line, encoding="utf-8", closefd=False) as text:
        command, cwd, env = json.loads(text.readline())
    os.write(line, b"%d\n" % os.getpid())
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    # As in `python -m ipykernel_launcher …`.
    sys.argv = command[2:]
    sys.modules["ipykernel.kernelapp"].launch_new_instance()


if __name__ == "__main__":
    main(int(sys.argv[1]))
