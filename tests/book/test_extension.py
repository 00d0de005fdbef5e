"""The book's Sphinx extension: what it takes out of style sheets, and when results are stale."""

import shutil
import zipfile

import pytest
import tinycss2

from book._extensions import contents, course


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


def test_the_same_folder_gives_the_same_zip_without_what_jupyter_leaves_behind(tmp_path):
    folder = tmp_path / "gru"
    for name in ("gru.ipynb", "checking/a.py", "__pycache__/a.pyc", ".ipynb_checkpoints/gru.ipynb"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, "utf-8")
    first, second = tmp_path / "1" / "gru.zip", tmp_path / "2" / "gru.zip"
    contents.pack(folder, first)
    (folder / "gru.ipynb").touch()
    contents.pack(folder, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["gru/checking/a.py", "gru/gru.ipynb"]


def test_terms_of_the_glossary_are_read():
    terms = contents.glossary_terms()
    assert {"forget gate", "LSTM"} <= set(terms) and len(terms) == len(set(terms))
    assert all(len(term) < 50 for term in terms), "a line that is no term"
