"""Archives of every hostile kind: only plain notebooks come out, within limits, to their owner."""

import io
import os
import random
import stat
import tarfile
import warnings
import zipfile

import nbformat
import pytest

from autograder.grading import archives
from autograder.grading.archives import STUDENTS, ArchiveError, Limits, members
from autograder.grading.assignment import Assignment, read
from autograder.grading.rebuild import MissingNotebook, SubmissionError
from autograder.grading.run import grade_class

from .conftest import ASSIGNMENT
from .test_broken import COUNT, cut, flipped, spliced
from .test_run import coursedir  # noqa: F401

BOMB = bytes(40 * 2**20)
SMALL = Limits(members=50, each=2**20, total=4 * 2**20)


def a_zip(*files, compression=zipfile.ZIP_DEFLATED):
    """Make a zip of (name or ZipInfo, bytes)."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()


def a_tar(*files, mode="w:gz"):
    """Make a tar of (name, bytes) and (name, type of member, what it links to)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, content, *target in files:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes) and not target:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content, target[0]
                archive.addfile(info)
    return made.getvalue()


def extended(*records, kind=tarfile.XHDTYPE):
    """A tar of a notebook of which more is said beyond its header; each record as (key, value)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        said = b""
        for key, value in records:
            rest = b" " + key + b"=" + value + b"\n"
            size = len(rest) + len(str(len(rest)))
            said += str(len(rest) + len(str(size))).encode() + rest
        for name, content in (("said", said), ("lstm.ipynb", b"1\n0\n" + bytes(10**6))):
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), kind if name == "said" else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def linked(name, target):
    """A symbolic link as a zip keeps it."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


def locked(data):
    """The same zip with its first member marked as encrypted."""
    data = bytearray(data)
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    return bytes(data)


def taken(data, name, limits=STUDENTS):
    """What is taken of an archive: contents by path, and what is said of the rest."""
    good, said = {}, []
    try:
        for path, content in members(data, name, limits):
            if isinstance(content, bytes):
                good[path] = content
            elif content is not None:
                said.append(str(content))
    except ArchiveError as error:
        said.append(str(error))
    for text in said:
        assert text.isprintable() and 0 < len(text) < 500
    return good, said


ODD = {
    "up.zip": (a_zip(("../lstm.ipynb", b"x")), "leads out"),
    "up-inside.zip": (a_zip(("a/../../lstm.ipynb", b"x")), "leads out"),
    "absolute.zip": (a_zip(("/etc/lstm.ipynb", b"x")), "leads out"),
    "drive.zip": (a_zip(("C:/lstm.ipynb", b"x")), "leads out"),
    "backslashes.zip": (a_zip(("x\\..\\lstm.ipynb", b"x")), "no file should have"),
    "escapes.zip": (a_zip(("\x1b[2J\u202e.ipynb", b"x")), "no file should have"),
    "long.zip": (a_zip(("x" * 5_000 + ".ipynb", b"x")), "no file should have"),
    "deep.zip": (a_zip(("a/" * 100 + "lstm.ipynb", b"x")), "folders deep"),
    "link.zip": (a_zip(linked("lstm.ipynb", "/etc/passwd")), "no plain file"),
    "locked.zip": (locked(a_zip(("lstm.ipynb", b"x"))), "encrypted"),
    "other.zip": (a_zip(("lstm.ipynb", b"x"), compression=zipfile.ZIP_LZMA), "not read"),
    "bomb.zip": (a_zip(("lstm.ipynb", BOMB)), "larger than 1 MB"),
    "bombs.zip": (a_zip(*((f"{n}.ipynb", BOMB[: 2**20]) for n in range(9))), "unpacks to more"),
    "many.zip": (a_zip(*((f"{n}.ipynb", b"") for n in range(99))), "99 members, more than 50"),
    "more.zip": (a_zip(*((f"{n}.ipynb", b"") for n in range(9_999))), "table of contents"),
    "empty.zip": (b"", "no whole zip"),
    "up.tar": (a_tar(("../lstm.ipynb", b"x"), mode="w"), "leads out"),
    "absolute.tgz": (a_tar(("/lstm.ipynb", b"x")), "leads out"),
    "link.tar.gz": (a_tar(("lstm.ipynb", tarfile.SYMTYPE, "/etc/passwd")), "no plain file"),
    "hard.tar.gz": (a_tar(("lstm.ipynb", tarfile.LNKTYPE, "/etc/passwd")), "no plain file"),
    "device.tar": (a_tar(("lstm.ipynb", tarfile.CHRTYPE, ""), mode="w"), "no plain file"),
    "pipe.tar": (a_tar(("lstm.ipynb", tarfile.FIFOTYPE, ""), mode="w"), "no plain file"),
    "bomb.tar.gz": (a_tar(("lstm.ipynb", BOMB)), "larger than 1 MB"),
    "hidden-bomb.tgz": (a_tar(("x.txt", BOMB)), "unpacks to more"),
    "many.tar.gz": (a_tar(*((f"{n}.txt", b"") for n in range(99))), "more than 50 members"),
    # Python would take hours to look for a charset, and gigabytes for a map of holes.
    "digits.tar.gz": (extended((b"comment", b"1" * 10**6)), "longer headers"),
    "holes.tar.gz": (extended((b"GNU.sparse.map", b"0," * 10**6 + b"0")), "longer headers"),
    "global.tgz": (extended((b"c", b"1" * 10**5), kind=tarfile.XGLTYPE), "longer headers"),
    "more-holes.tgz": (extended((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0")), "holes"),
    "few-holes.tgz": (extended((b"GNU.sparse.map", b"0,1")), "holes"),
    "old-holes.tgz": (a_tar(("lstm.ipynb", tarfile.GNUTYPE_SPARSE, "")), "holes"),
    "cut.tar": (a_tar(("lstm.ipynb", bytes(9_999)), mode="w")[:2_000], "no whole tar"),
    "empty.tar": (b"", "no whole tar"),
    "no-gzip.tar.gz": (b"\x1f\x8b\x08rubbish", "no whole gz"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_hostile_archive_gives_nothing_and_says_why(name):
    data, why = ODD[name]
    good, said = taken(data, name, SMALL)
    assert why in " ".join(said)
    assert not good or name in ("bombs.zip",)


@pytest.mark.parametrize("make", [a_zip, a_tar])
def test_the_notebooks_of_an_honest_archive_are_taken(make):
    name = "a.zip" if make is a_zip else "a.tar.gz"
    folder = "Übung/" + 15 * "long " + "/" + 15 * "name "
    files = ("hw/lstm.ipynb", b"1"), ("plot.png", b"2"), ("__MACOSX/hw/._lstm.ipynb", b"3")
    assert taken(make((f"{folder}/a.ipynb", b"1")), name) == ({f"{folder}/a.ipynb": b"1"}, [])
    assert taken(make(*files), name) == ({"hw/lstm.ipynb": b"1"}, [])
    good, said = taken(make(*files, ("hw/lstm.ipynb", b"4")), name)
    assert good == {"hw/lstm.ipynb": b"1"} and "twice" in said[0]
    good, said = taken(make(*files, ("hw/lstm.ipynb/a.ipynb", b"4")), name)
    assert good == {"hw/lstm.ipynb": b"1"} and "shares its name with a folder" in said[0]
    good, said = taken(make(("hw/a.ipynb/b.ipynb", b"4"), ("hw/a.ipynb", b"5")), name)
    assert good == {"hw/a.ipynb/b.ipynb": b"4"} and "shares its name with a folder" in said[0]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_a_broken_archive_is_read_or_refused_in_a_line(name):
    files = [(f"{n}/lstm.ipynb", os.urandom(300)) for n in range(4)]
    mode = "w:gz" if name.endswith("gz") else "w"
    good = a_zip(*files) if name.endswith("zip") else a_tar(*files, mode=mode)
    for seed in range(COUNT // 4):
        rng = random.Random(f"{name} {seed}")
        came, said = taken(rng.choice([cut, flipped, spliced])(rng, good), name, SMALL)
        assert came or said or len(came) <= 4


def assignment_with(coursedir, files):  # noqa: F811
    """A course in which ``eve`` handed in some files alone."""
    folder = coursedir.root + f"/submitted/eve/{ASSIGNMENT}"
    os.makedirs(folder)
    for name, data in files.items():
        with open(f"{folder}/{name}", "wb") as file:
            file.write(data)
    return Assignment(coursedir, ASSIGNMENT)


def test_a_notebook_handed_in_as_an_archive_is_graded(classroom, coursedir):  # noqa: F811
    solved = nbformat.writes(classroom.maker.solved()).encode()
    assignment_with(coursedir, {"homework.zip": a_zip(("hw/lstm.ipynb", solved))})
    (one,) = grade_class(coursedir, [ASSIGNMENT], students=["eve"], jobs=1, stream=None).done
    assert one.points == sum(exercise.points for exercise in classroom.exercises)
    assert "hw/lstm.ipynb in homework.zip was graded in its place" in one.remarks[0]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.zip": a_zip(("../lstm.ipynb", b"{}"))}, "holds no lstm.ipynb; a.zip: ../lstm"),
        ({"a.zip": a_zip(("b.zip", a_zip(("lstm.ipynb", b"{}"))))}, "holds no lstm.ipynb"),
        ({"a.zip": a_zip(("1.ipynb", b""), ("2.ipynb", b""))}, "holds 2 notebooks and no single"),
        ({"a.zip": b"PK", "b.zip": b"PK"}, "which of a.zip, b.zip it is can't be told"),
        ({"a.ipynb": b"{}", "b.ipynb": b"{}"}, "which of a.ipynb, b.ipynb it is can't be told"),
        ({"lstm.ipynb.txt": b"{}"}, "all that is there is lstm.ipynb.txt, which is no notebook"),
        ({"lstm.json": b"{}", "check.py": b""}, "all that is there is lstm.json, which"),
        ({"a.zip": b"PK"}, "a.zip is no whole zip file"),
        ({"a.rar": b"Rar!"}, "lstm.ipynb is missing, and a.rar is not read"),
    ],
)
def test_work_that_can_not_be_found_is_said_and_not_graded(coursedir, files, why):  # noqa: F811
    assignment = assignment_with(coursedir, files)
    with pytest.raises(SubmissionError) as caught:
        read(assignment, assignment.templates[0], "eve")
    assert why in str(caught.value) and "\n" not in str(caught.value)
    # Nobody's work is worth nothing because it lies there under another name.
    assert not isinstance(caught.value, MissingNotebook)


@pytest.mark.parametrize("files", [{}, {"check.py": b"", "timestamp.txt": b"", ".DS_Store": b""}])
def test_where_there_is_no_work_the_notebook_is_missing(coursedir, files):  # noqa: F811
    assignment = assignment_with(coursedir, files)
    with pytest.raises(MissingNotebook):
        read(assignment, assignment.templates[0], "eve")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], []),
        (["check.py", "timestamp.txt", ".DS_Store", "x.pyc"], []),
        (
            ["lstm-Copy1.ipynb"],
            ["only lstm.ipynb was graded; lstm-Copy1.ipynb: another notebook, which may"],
        ),
        (["core.bin"], ["only lstm.ipynb was graded; core.bin: no part of the assignment"]),
        (
            ["\x1b[31m\n.IPYNB", "x" * 200, *(f"z{n}" for n in range(9))],
            [
                "only lstm.ipynb was graded; .IPYNB: another notebook",
                f"only lstm.ipynb was graded; {'x' * 100}, z0, z1, z2, z3 and 5 more: no part",
            ],
        ),
    ],
)
def test_what_lies_beside_the_notebook_is_remarked_on(coursedir, files, said):  # noqa: F811
    assignment = assignment_with(coursedir, {"lstm.ipynb": b"{}"} | dict.fromkeys(files, b""))
    data, remarks = read(assignment, assignment.templates[0], "eve")
    assert data == b"{}" and len(remarks) == len(said)
    for remark, begin in zip(remarks, said, strict=True):
        assert remark.startswith(begin), remark


def test_what_lies_beside_a_notebook_of_another_name_is_remarked_on(coursedir):  # noqa: F811
    assignment = assignment_with(coursedir, {"mine.ipynb": b"{}", "core.bin": b""})
    _, (_, remark) = read(assignment, assignment.templates[0], "eve")
    assert remark == "only mine.ipynb was graded; core.bin: no part of the assignment"


def test_what_a_mac_adds_is_no_second_notebook(coursedir):  # noqa: F811
    assignment = assignment_with(coursedir, {"LSTM.ipynb": b"{}", "._LSTM.ipynb": b"\0"})
    assert read(assignment, assignment.templates[0], "eve")[0] == b"{}"


def test_what_is_asked_for_at_once_is_bounded():
    with pytest.raises(ArchiveError, match="table of contents"):
        archives._Counted(io.BytesIO(b"x"), piece=10).read(11)
