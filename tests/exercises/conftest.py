"""All exercises of all chapters: a chapter that is declared is tested."""

from pathlib import Path

import pytest
import torch

from autograder.exercises import CHAPTERS

ROOT = Path(__file__).parents[2]
EXERCISES = {
    f"{chapter}.{exercise.name}": exercise
    for chapter, exercises in CHAPTERS.items()
    for exercise in exercises
}


def pytest_generate_tests(metafunc):
    for name, every in (("exercise", EXERCISES), ("chapter", CHAPTERS)):
        if name in metafunc.fixturenames:
            values = every.values() if name == "exercise" else every
            metafunc.parametrize(name, values, ids=list(every))


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors gain nothing from threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
