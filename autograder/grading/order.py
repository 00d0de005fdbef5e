"""What the cells of a notebook make and use, where that depends on which of them run, and when.

All cells run before the answers are asked, while a student sees each check after the cells above
it alone, and cells of the student's own don't run. The text is read as in ``reading``: nothing in
it is ever executed.
"""

import ast
import builtins
import functools
import importlib
import re
import symtable
from typing import NamedTuple

from autograder.checking.reading import (
    DEFINITION,
    KEPT_CELLS,
    MAX_KEPT,
    UNREADABLE,
    globals_of,
    is_set,
    is_too_long,
    parsed,
    root,
    texts_of,
    walk,
)

CHANGING = {"add", "append", "extend", "insert", "setdefault", "update"}
"""Methods that change what they belong to."""
MAX_NEEDED = 100
"""Statements that are put before an answer."""
EXPORTING = {"math", "numpy", "torch", "torch.nn", "torch.nn.functional"}
"""Modules of which all names may be imported at once."""
FOR_ALL = re.compile(r"\A\s*%%.*")
"""A command of IPython's for all of a cell, which runs what stands below it."""


class _Statement(NamedTuple):
    """A statement at the top of a cell, with what stands in its lines."""

    text: str
    binds: dict
    """The global names that it binds, each with what it is imported as, or None."""
    stars: frozenset = frozenset()
    """The modules that it imports all names of."""
    changes: frozenset = frozenset()
    """The names of what it changes, an item or attribute of it."""
    at_once: bool = False
    """Whether what it uses must be there when it runs: a function uses it when it is called."""
    uses: frozenset = frozenset()
    """The global names in it: a function's own variables hide those."""


def read(cells):
    """The statements of a notebook's cells, by their texts, for the functions below.

    Of a notebook that is longer than any that a person writes there are none.
    """
    if is_too_long(cells):
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
    statements = [statement for cell in read(own) for statement in cell]
    offered, stars = {}, {star for statement in statements for star in statement.stars}
    for place, statement in enumerate(statements):
        for name in statement.binds.keys() - bound - vars(builtins).keys():
            offered.setdefault(name, []).append(place)
        for name in statement.changes & offered.keys():
            offered[name].append(place)
    needs, found = {}, {}
    for name, answer in read_cells.items():
        made_here = {name for statement in answer for name in statement.binds}
        names, places, lines = [], set(), []
        for used in sorted({use for statement in answer for use in statement.uses}):
            if used not in needs:
                needs[used] = _needed(used, offered, statements)
            needed = needs[used]
            given = [statements[place] for place in needed]
            ahead = made_here & {use for statement in given for use in statement.uses}
            # What needs the answer itself when it runs can't stand before it.
            if given and not (ahead and any(statement.at_once for statement in given)):
                names.append(used)
                places |= needed
            elif used not in bound and (star := _exporting(used, stars)):
                names.append(used)
                lines.append(f"from {star} import {used}")
        if names:
            lines += [statements[place].text for place in sorted(places)]
            found[name] = names, "\n".join(lines)
    return found


def _needed(name, offered, statements):
    """The places of the statements that make a name, and of those that make what they use.

    There are none where it takes more than a person would write.
    """
    places, waiting, seen = set(), [name], {name}
    while waiting:
        for place in offered.get(waiting.pop(), ()):
            if place not in places:
                places.add(place)
                waiting += statements[place].uses - seen
                seen |= statements[place].uses
        if len(places) > MAX_NEEDED:
            return set()
    return places


def _exporting(name, stars):
    """The module that a star import gives a name from, if there is one."""
    for star in sorted(stars & EXPORTING):
        if hasattr(importlib.import_module(star), name) and not hasattr(builtins, name):
            return star
    return None


def _read(cell):
    """The statements at the top of a cell; none where it can't be read as Python."""
    try:
        tree, whole = parsed(FOR_ALL.sub("", cell))
        found = []
        for node, text in zip(tree.body, texts_of(tree, whole), strict=True):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(_imported(text, node))
            else:
                found.append(_bound(text, node))
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


def _bound(text, node):
    table = symtable.symtable(text, "", "exec")
    binds = [s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()]
    at_once = not isinstance(node, DEFINITION)
    changes = map(_changed, walk(node) if at_once else ())
    return _Statement(
        text,
        dict.fromkeys(binds),
        changes=frozenset(filter(None, changes)),
        at_once=at_once,
        uses=frozenset(globals_of(table)),
    )


def _changed(node):
    """The name of what a node changes, if it does: x of ``x.a = 1``, ``x[0] = 1``, ``x.add(1)``."""
    if isinstance(node, ast.Call):
        node = node.func
        return root(node) if getattr(node, "attr", "") in CHANGING else ""
    return root(node) if is_set(node) else ""
