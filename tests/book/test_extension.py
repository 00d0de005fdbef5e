"""The book's Sphinx extension: what it takes out of style sheets, and when results are stale."""

import shutil

import pytest
import tinycss2

from book._extensions import course


def pruned(css, words):
    """Prune a style sheet (str) for pages with these words."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(course.prune(rules, set(words)).split())


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".used{a:b}", ".used{a:b}"),
        (".unused{a:b}", ""),
        (".used .unused{a:b}", ""),
        (".unused,.used{a:b}", ".used{a:b}"),
        ("p,a:hover{a:b}", "p,a:hover{a:b}"),
        (".used:not(.unused){a:b}", ".used:not(.unused){a:b}"),
        ("p:is(.used,.unused){a:b}", "p:is(.used,.unused){a:b}"),
        ("p:is(.used,.unused) .unused,a{a:b}", "a{a:b}"),
        ("@media print{.used{a:b}.unused{a:b}}", "@mediaprint{.used{a:b}}"),
        ("@media print{.unused{a:b}}", ""),
        ("@font-face{a:url(b.unused)}", "@font-face{a:url(b.unused)}"),
        ("p{margin:.5em}", "p{margin:.5em}"),
    ],
)
def test_rules_for_classes_that_occur_nowhere_are_taken_out(css, kept):
    assert pruned(css, ["used"]) == kept


def test_results_go_stale_with_the_code_that_pages_import(tmp_path, monkeypatch):
    for source in course.CODE:
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (course.ROOT / source).is_dir() else shutil.copy
        copy(course.ROOT / source, target)
    before = course.digest(course.CODE)
    monkeypatch.setattr(course, "ROOT", tmp_path)
    assert course.digest(course.CODE) == before
    (tmp_path / "autograder/reference/lstm.py").write_text("# another", "utf-8")
    assert course.digest(course.CODE) != before
