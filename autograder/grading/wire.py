"""Frames of plain data over a socket: JSON and raw array bytes, their sizes checked before reading.

What comes in may come from anyone. Nothing in a frame is ever executed or unpickled.
"""

import struct
import time

from autograder.checking import plain

HEADER = struct.Struct("!QQ")
MAX_TEXT = 4 * 2**20
"""Bytes of JSON that one frame may hold."""
MAX_RAW = 64 * 2**20
"""Bytes of arrays that one frame may hold."""
ANSWER = {"max_text": 2**18, "max_raw": 2**20}
"""What a child may say at a time while it is asked about an answer. What is right is the thirtieth
part of it at most, and what came of all cases is kept until the verdict."""


AHEAD = 2**16
"""Bytes that are read ahead at most."""


class WireError(Exception):
    """A frame did not come, or is none; says why."""


class Closed(WireError):
    """The other side is gone."""


class Late(WireError):
    """The other side took too long."""


def frame(value):
    """One value as the bytes that ``send_frame`` sends.

    Parameters
    ----------
    value : plain data, as ``plain.pack`` takes it

    Errors
    ------
    TypeError where the value is no plain data.
    """
    return frame_of(*plain.pack(value))


def frame_of(text, raw):
    """What ``plain.pack`` has packed as the bytes that ``send_frame`` sends."""
    text = text.encode()
    return HEADER.pack(len(text), len(raw)) + text + raw


def send(sock, value, deadline=None):
    """Send one value; arguments and errors as ``frame`` and ``send_frame``."""
    send_frame(sock, frame(value), deadline)


def send_frame(sock, data, deadline=None):
    """Send the bytes of one value or of several.

    Parameters
    ----------
    sock : connected stream socket
    data : bytes, of ``frame``
    deadline : time.monotonic() by which the other side must have taken it, or None

    Errors
    ------
    Closed, Late
    """
    left = memoryview(data)
    while left:
        left = left[_patiently(sock, deadline, sock.send, left) :]


def receive(sock, deadline=None, known=None, max_text=MAX_TEXT, max_raw=MAX_RAW):
    """Receive one value.

    Parameters
    ----------
    sock : connected stream socket
    deadline : time.monotonic() by which it must be here, or None
    known : function of the JSON's bytes and those of the arrays that gives the value where it is
        known already and need not be read, else None; or None
    max_text, max_raw : int, bytes of JSON and of arrays that are accepted

    Returns
    -------
    plain data

    Errors
    ------
    Closed, Late; WireError where it is too long or no plain data.
    """
    text_size, raw_size = HEADER.unpack(_exactly(sock, HEADER.size, deadline))
    if text_size > max_text or raw_size > max_raw:
        raise WireError(f"a message of {text_size + raw_size} bytes, which is too long")
    whole = _exactly(sock, text_size + raw_size, deadline)
    text, raw = whole[:text_size], bytes(memoryview(whole)[text_size:])
    value = known(text, raw) if known else None
    if value is not None:
        return value
    try:
        return plain.unpack(text.decode(), raw)
    except Exception as error:
        # Whatever hostile bytes make JSON or NumPy raise, they are no message.
        raise WireError(f"a message that is no plain data: {type(error).__name__}") from None


class Ahead:
    """A connected stream socket that is read ahead, since small messages come several at a time.

    Parameters
    ----------
    sock : connected stream socket, from which nothing is read in another way
    """

    def __init__(self, sock):
        self._socket, self._timeout, self._held = sock, None, memoryview(b"")

    def settimeout(self, seconds):
        """Wait so long for what is not here yet; as a socket's own."""
        self._timeout = seconds

    def recv(self, size):
        """Receive as a socket does."""
        if not self._held:
            self._socket.settimeout(self._timeout)
            self._held = memoryview(self._socket.recv(AHEAD))
        part, self._held = self._held[:size], self._held[size:]
        return part


def _exactly(sock, size, deadline):
    data = bytearray()
    while len(data) < size:
        chunk = _patiently(sock, deadline, sock.recv, min(size - len(data), 2**20))
        if not chunk:
            raise Closed("the other side is gone")
        data += chunk
    return data


def _patiently(sock, deadline, act, argument):
    if deadline is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late("the other side took too long")
        sock.settimeout(left)
    try:
        return act(argument)
    except TimeoutError:
        raise Late("the other side took too long") from None
    except OSError:
        raise Closed("the other side is gone") from None
    finally:
        if deadline is not None:
            sock.settimeout(None)
