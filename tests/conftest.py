"""The order of the tests."""

LONG = (
    "tests/exercises/test_answers.py",
    "tests/book/test_browser.py",
    "tests/attacks/test_attacks.py",
    "tests/journeys/test_instructor.py",
    "tests/grading/test_faults.py",
    "tests/grading/test_autograde.py",
)
"""Files that take a minute and more."""


def pytest_collection_modifyitems(items):
    """Put the files that take long first, so that no core has one of them left in the end."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.nodeid.split("::")[0], len(LONG)))
