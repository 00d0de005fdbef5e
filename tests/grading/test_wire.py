"""Frames: what is sent comes back; what is none, too long or too late is refused."""

import json
import socket
import threading
import time

import numpy as np
import pytest

from autograder.checking.probe import same
from autograder.grading import wire


@pytest.fixture
def pair():
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_plain_data_comes_back_as_it_was(pair):
    here, there = pair
    value = {"a": [1, 2.5, None, True], "b": (np.arange(6.0).reshape(2, 3), "σ"), "c": {}}
    wire.send(here, value)
    assert same(wire.receive(there), value)


def test_a_large_frame_passes_while_the_other_side_reads(pair):
    here, there = pair
    value = {"big": np.arange(2_000_000.0)}
    sender = threading.Thread(target=wire.send, args=(here, value))
    sender.start()
    assert same(wire.receive(there), value)
    sender.join()


def frame(text, raw=b""):
    return wire.HEADER.pack(len(text), len(raw)) + text + raw


@pytest.mark.parametrize(
    "data",
    [
        frame(b"{"),
        frame(b"\xff\xfe"),
        frame(b"[" * 100_000),
        frame(json.dumps({"$array": ["<f8", [10], 0]}).encode(), b"\0" * 8),
        frame(json.dumps({"$array": ["O", [1], 0]}).encode(), b"\0" * 8),
        frame(json.dumps({"$array": ["<f8", [-1], 0]}).encode(), b"\0" * 8),
        frame(json.dumps({"$array": ["<f8", [0, 10**30], 0]}).encode(), b"\0" * 8),
        frame(json.dumps({"$array": ["(2,2", [1], 0]}).encode(), b"\0" * 8),
        frame(json.dumps({"$array": 3}).encode()),
        frame(json.dumps({"$tuple": 3}).encode()),
        wire.HEADER.pack(wire.MAX_TEXT + 1, 0),
        wire.HEADER.pack(0, wire.MAX_RAW + 1),
        wire.HEADER.pack(2**64 - 1, 2**64 - 1),
    ],
)
def test_what_is_no_frame_is_refused_without_reading_on(pair, data):
    here, there = pair
    here.sendall(data)
    with pytest.raises(wire.WireError):
        wire.receive(there, time.monotonic() + 5)


def test_a_side_that_is_gone_is_told_from_one_that_is_slow(pair):
    here, there = pair
    with pytest.raises(wire.Late):
        wire.receive(there, time.monotonic() + 0.05)
    here.sendall(b"\0\0")
    here.close()
    with pytest.raises(wire.Closed):
        wire.receive(there, time.monotonic() + 5)


def test_a_side_that_does_not_read_is_not_waited_for(pair):
    here, _ = pair
    with pytest.raises(wire.Late):
        wire.send(here, {"big": np.zeros(4_000_000)}, time.monotonic() + 0.2)
