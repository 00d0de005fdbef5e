"""The system calls that are left to this process: a seccomp filter, put together by hand.

It lists what is allowed, not what is forbidden: the kernel gains calls every year, and a list of
forbidden ones is out of date the day it is written. What is not on the list fails as if this
process had no right to it (EPERM), or, for calls from number 424 on (Linux 5.1), as if the kernel
were too old to have it (ENOSYS): that is what makes the C library fall back to older calls.
Nothing is killed for trying, but for a call made in the way of another machine (32-bit calls on a
64-bit kernel), whose numbers mean other things.

Source: seccomp(2), the kernel's include/uapi/linux/{seccomp,filter,bpf_common,audit}.h; the
numbers are those of arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import ctypes
import errno
import os
import struct
from functools import cache

from autograder.grading.sandbox import kernel

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name:number on x86_64:number on aarch64
_ALLOWED = """
read:0:63  write:1:64  readv:19:65  writev:20:66  pread64:17:67  pwrite64:18:68  preadv:295:69
pwritev:296:70  preadv2:327:286  pwritev2:328:287  open:2:-  openat:257:56  close:3:57
close_range:436:436  lseek:8:62  stat:4:-  fstat:5:80  lstat:6:-  newfstatat:262:79
statx:332:291  access:21:-  faccessat:269:48  faccessat2:439:439  dup:32:23  dup2:33:-
dup3:292:24  pipe:22:-  pipe2:293:59  flock:73:32  fsync:74:82  fdatasync:75:83
sync_file_range:277:84  ftruncate:77:46  fallocate:285:47  fadvise64:221:223  getdents:78:-
getdents64:217:61  getcwd:79:17  chdir:80:49  fchdir:81:50  rename:82:-  renameat:264:38
renameat2:316:276  mkdir:83:-  mkdirat:258:34  rmdir:84:-  unlink:87:-  unlinkat:263:35
link:86:-  linkat:265:37  symlink:88:-  symlinkat:266:36  readlink:89:-  readlinkat:267:78
umask:95:166  statfs:137:43  fstatfs:138:44  sendfile:40:71
copy_file_range:326:285  splice:275:76  select:23:-  pselect6:270:72  poll:7:-  ppoll:271:73
epoll_create:213:-  epoll_create1:291:20  epoll_ctl:233:21  epoll_wait:232:-  epoll_pwait:281:22
epoll_pwait2:441:441  eventfd:284:-  eventfd2:290:19  timerfd_create:283:85
timerfd_settime:286:86  timerfd_gettime:287:87  shutdown:48:210  recvfrom:45:207
sendmsg:46:211  recvmsg:47:212  getsockopt:55:209  getsockname:51:204  getpeername:52:205

mmap:9:222  munmap:11:215  mremap:25:216  mprotect:10:226  brk:12:214  madvise:28:233
msync:26:227  mincore:27:232  membarrier:324:283  mlock:149:228  munlock:150:229

futex:202:98  futex_waitv:449:449  set_robust_list:273:99  get_robust_list:274:100
set_tid_address:218:96  rseq:334:293  gettid:186:178  sched_yield:24:124
sched_getaffinity:204:123  sched_getparam:143:121  sched_getscheduler:145:120
sched_get_priority_max:146:125  sched_get_priority_min:147:126  arch_prctl:158:-  getcpu:309:168

rt_sigaction:13:134  rt_sigprocmask:14:135  rt_sigreturn:15:139  rt_sigpending:127:136
rt_sigtimedwait:128:137  rt_sigsuspend:130:133  sigaltstack:131:132  pause:34:-
restart_syscall:219:128

clock_gettime:228:113  clock_getres:229:114  clock_nanosleep:230:115  nanosleep:35:101
gettimeofday:96:169  time:201:-  times:100:153  alarm:37:-  getitimer:36:102  setitimer:38:103
timer_create:222:107  timer_settime:223:110  timer_gettime:224:108  timer_getoverrun:225:109
timer_delete:226:111

getpid:39:172  getppid:110:173  getuid:102:174  geteuid:107:175  getgid:104:176  getegid:108:177
getgroups:115:158  getresuid:118:148  getresgid:120:150  getpgid:121:155  getpgrp:111:-
getsid:124:156  capget:125:90  getpriority:140:141  getrlimit:97:163  getrusage:98:165
sysinfo:99:179  uname:63:160  getrandom:318:278

exit:60:93  exit_group:231:94  wait4:61:260  waitid:247:95
"""

# These say that they succeeded and do nothing: copying a file with its mode and times goes on
# working, and nobody can take a file's mode from its owner, which Landlock does not watch.
_PRETENDED = """
chmod:90:-  fchmod:91:52  fchmodat:268:53  fchmodat2:452:452  utime:132:-  utimes:235:-
futimesat:261:-  utimensat:280:88  chown:92:-  fchown:93:55  lchown:94:-  fchownat:260:54
"""

# These say that the file system has no extended attributes, which is what copying a file asks for.
_UNSUPPORTED = """
setxattr:188:5  lsetxattr:189:6  fsetxattr:190:7  getxattr:191:8  lgetxattr:192:9
fgetxattr:193:10  listxattr:194:11  llistxattr:195:12  flistxattr:196:13  removexattr:197:14
lremovexattr:198:15  fremovexattr:199:16
"""

_CONDITIONAL = """
clone:56:220  kill:62:129  tgkill:234:131  prctl:157:167  ioctl:16:29  fcntl:72:25
socketpair:53:199  sendto:44:206  prlimit64:302:261
"""

_FIRST_OF_ALL_MACHINES = 424

_LD, _AND, _JEQ, _JGE, _JSET, _RET = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000

_CLONE_THREAD = 0x00010000
_CLONE_NEW = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | 0x02000000  # control groups
)
# Ask for a terminal's settings or size, how much can be read; set blocking and close-on-exec.
_IOCTLS = (0x5401, 0x802C542A, 0x5413, 0x540F, 0x541B, 0x5421, 0x5450, 0x5451)
_FCNTL_OWNERS = (8, 15)  # F_SETOWN, F_SETOWN_EX: they send signals to others
_PRCTLS = (15, 16, 0x53564D41)  # names of threads and of memory
_AF_UNIX, _SOCK_STREAM = 1, 1


def _step(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value & 0xFFFFFFFF)


def _number(entry):
    text = entry.split(":")[1 if kernel.MACHINE == "x86_64" else 2]
    return None if text == "-" else int(text)


def _table(text):
    """Return a dict from name to number, of the calls that this machine has."""
    numbers = {entry.split(":")[0]: _number(entry) for entry in text.split()}
    return {name: number for name, number in numbers.items() if number is not None}


def _fail(number):
    return _step(_RET, _ERRNO | number)


def _argument(index, high=False):
    # Both machines are little-endian: the low half comes first.
    return _step(_LD, _ARGUMENTS + 8 * index + 4 * high)


def _one_of(values, otherwise):
    """Allow a loaded value that is one of these."""
    return b"".join(_step(_JEQ, value, 0, 1) + _step(_RET, _ALLOW) for value in values) + otherwise


def _conditions(pid):
    """Return a dict from name to the steps that decide about its arguments."""
    denied = _fail(errno.EPERM)
    allowed = _step(_RET, _ALLOW)
    itself = _argument(0) + _one_of([pid], denied)
    return {
        # A thread, and in no new namespace; a process of its own never.
        "clone": _argument(0)
        + _step(_JSET, _CLONE_THREAD, 1, 0)
        + denied
        + _step(_JSET, _CLONE_NEW, 0, 1)
        + denied
        + allowed,
        "kill": itself,
        "tgkill": itself,
        "prctl": _argument(0) + _one_of(_PRCTLS, denied),
        "ioctl": _argument(1) + _one_of(_IOCTLS, _fail(errno.ENOTTY)),
        "fcntl": _argument(1)
        + b"".join(_step(_JEQ, command, 0, 1) + denied for command in _FCNTL_OWNERS)
        + allowed,
        # No datagram sockets: one of a pair can send to an address as well.
        "socketpair": _argument(0)
        + _step(_JEQ, _AF_UNIX, 1, 0)
        + denied
        + _argument(1)
        + _step(_AND, 0xF)
        + _one_of([_SOCK_STREAM], denied),
        # To whom it is connected, and to no address.
        "sendto": _argument(4)
        + _step(_JEQ, 0, 1, 0)
        + denied
        + _argument(4, high=True)
        + _one_of([0], denied),
        "prlimit64": _argument(0) + _one_of([0, pid], denied),
    }


@cache
def program(pid):
    """Return the filter as bytes, eight for each step.

    Parameters
    ----------
    pid : int, the number of the process as it sees itself: the only one it may send signals to
    """
    steps = [
        _step(_LD, _ARCH),
        _step(_JEQ, _ARCHITECTURE[kernel.MACHINE], 1, 0),
        _step(_RET, _KILL),
        _step(_LD, _NUMBER),
    ]
    for number in _table(_ALLOWED).values():
        steps += [_step(_JEQ, number, 0, 1), _step(_RET, _ALLOW)]
    for number in _table(_PRETENDED).values():
        steps += [_step(_JEQ, number, 0, 1), _fail(0)]
    for number in _table(_UNSUPPORTED).values():
        steps += [_step(_JEQ, number, 0, 1), _fail(errno.EOPNOTSUPP)]
    conditions = _conditions(pid)
    for name, number in _table(_CONDITIONAL).items():
        decision = conditions[name]
        steps += [_step(_JEQ, number, 0, len(decision) // 8), decision]
    steps += [
        _step(_JGE, _FIRST_OF_ALL_MACHINES, 0, 1),
        _fail(errno.ENOSYS),
        _fail(errno.EPERM),
    ]
    return b"".join(steps)


def restrict():
    """Leave this process only the calls on the list, for good; needs no_new_privs."""
    steps = program(os.getpid())
    held = ctypes.create_string_buffer(steps, len(steps))
    header = struct.pack("=H6xQ", len(steps) // 8, ctypes.addressof(held))
    seccomp = {"x86_64": 317, "aarch64": 277}[kernel.MACHINE]
    set_filter, all_threads = 1, 1
    kernel.syscall("seccomp", seccomp, set_filter, all_threads, header)
