"""What the cells of a notebook make and use, where that depends on which of them run, and when.

All cells run before the answers are asked, while a student sees each check after the cells above
it alone, and cells of the student's own don't run. The text is read as in ``reading``: nothing in
it is ever executed.
"""

import ast
import builtins
import functools
import re
import symtable
from typing import NamedTuple

from autograder.checking.reading import (
    KEPT_CELLS,
    MAX_KEPT,
    MAX_TEXT,
    UNREADABLE,
    globals_of,
    parsed,
    texts_of,
)

FOR_ALL = re.compile(r"\A\s*%%.*")
"""A command of IPython's for all of a cell, which runs what stands below it."""


class _Statement(NamedTuple):
    """A statement at the top of a cell, with what stands in its lines."""

    text: str
    binds: dict
    """The global names that it binds, each with what it is imported as, or None."""
    stars: frozenset = frozenset()
    """The modules that it imports all names of."""
    uses: frozenset = frozenset()
    """The global names in it: a function's own variables hide those."""


def read(cells):
    """The statements of a notebook's cells, by their texts, for the functions below.

    Of a notebook that is longer than any that a person writes there are none.
    """
    if sum(map(len, cells)) > MAX_TEXT:
        return [()] * len(cells)
    return [_kept(cell) if len(cell) <= MAX_KEPT else _read(cell) for cell in cells]


def changed_later(name, cells, end):
    """What an answer uses and later cells bind to something else.

    Parameters
    ----------
    name : str, the answer's
    cells : list, what ``read`` gives
    end : int, how many of the cells stand before its check

    Returns
    -------
    list of str, names and star imports
    """
    later = [statement for cell in cells[end:] for statement in cell]
    stars = {star for statement in later for star in statement.stars}
    bound = {bound: origin for statement in later for bound, origin in statement.binds.items()}
    if not (stars or bound):
        return []
    made, origins, known_stars = {}, {}, set()
    for statement in (statement for cell in cells[:end] for statement in cell):
        for each in statement.binds:
            made.setdefault(each, []).append(statement)
        origins |= statement.binds
        known_stars |= statement.stars
    used, waiting, seen = {name}, [name], set()
    while waiting:
        for statement in made.get(waiting.pop(), ()):
            if id(statement) not in seen:
                seen.add(id(statement))
                waiting += statement.uses - used
                used |= statement.uses
    changed = [
        each
        for each in used & bound.keys()
        # What was not there yet can have made nothing right.
        if (each in made or known_stars or hasattr(builtins, each))
        and (bound[each] is None or bound[each] != origins.get(each))
    ]
    return sorted(changed) + [f"from {star} import *" for star in sorted(stars - known_stars)]


def defined(cells):
    """The names that cells bind to something of their own; arguments as ``changed_later``."""
    statements = [statement for cell in cells for statement in cell]
    return {name for s in statements for name, origin in s.binds.items() if origin is None}


def supplied(cells, others, own):
    """What cells use and nothing but cells that don't run would make.

    Parameters
    ----------
    cells : dict of str, texts of cells by any name
    others : list of str, texts of all other cells that run
    own : list of str, texts of cells that don't run

    Returns
    -------
    dict by the cell's name: the names that it lacks, a list of str, and the text of the statements
    that make them
    """
    read_cells = dict(zip(cells, read(cells.values()), strict=True))
    run = [*read_cells.values(), *read(others)]
    bound = {name for cell in run for statement in cell for name in statement.binds}
    offered = {}
    for place, statement in enumerate(statement for cell in read(own) for statement in cell):
        names = statement.binds.keys() - bound - vars(builtins).keys()
        offered |= dict.fromkeys(names, (place, statement))
    found = {}
    for name, statements in read_cells.items():
        waiting, names, taken = {use for s in statements for use in s.uses}, [], {}
        while waiting:
            used = waiting.pop()
            if used in offered and used not in names:
                place, statement = offered[used]
                names.append(used)
                taken[place] = statement.text
                waiting |= statement.uses
        if taken:
            text = "\n".join(dict.fromkeys(taken[place] for place in sorted(taken)))
            found[name] = sorted(names), text
    return found


def _read(cell):
    """The statements at the top of a cell; none where it can't be read as Python."""
    try:
        tree, whole = parsed(FOR_ALL.sub("", cell))
        found, seen = [], set()
        for node, text in zip(tree.body, texts_of(tree, whole), strict=True):
            place = node.lineno, node.end_lineno
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(_imported(text, node))
            elif place not in seen:
                # What stands in one line is read together, and once.
                seen.add(place)
                found.append(_bound(text))
    except UNREADABLE:
        return ()
    return tuple(found)


_kept = functools.lru_cache(maxsize=KEPT_CELLS)(_read)


def _imported(text, node):
    if isinstance(node, ast.Import):
        whole = {a.asname: a.name for a in node.names if a.asname}
        packages = [a.name.split(".")[0] for a in node.names if not a.asname]
        return _Statement(text, whole | {name: name for name in packages})
    stars = [node.module or "" for alias in node.names if alias.name == "*"]
    names = {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names if not stars}
    return _Statement(text, names, frozenset(stars))


def _bound(text):
    table = symtable.symtable(text, "", "exec")
    binds = [s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()]
    return _Statement(text, dict.fromkeys(binds), uses=frozenset(globals_of(table)))
