"""Make mutants of a Python text: each differs from it in one small place of its syntax tree."""

import ast
import copy
import itertools
import warnings
from dataclasses import dataclass

SWAPS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
"""Operators, each with those that take its place."""

FUNCTIONS = {
    "sigmoid": "tanh",
    "tanh": "sigmoid",
    "zeros": "ones",
    "zeros_like": "ones_like",
    "empty": "ones",
    "empty_like": "ones_like",
    "new_zeros": "new_ones",
    "append": "extend",
    "sum": "mean",
    "mean": "sum",
    "stack": "concatenate",
    "abs": "square",
    "exp": "expm1",
    "log": "log1p",
    "maximum": "minimum",
    "minimum": "maximum",
    "cat": "stack",
}
"""Functions and methods, each with the one that takes its place."""


@dataclass(frozen=True)
class Mutant:
    """A text with one change."""

    source: str
    old: str
    """The statement before the change."""
    new: str
    """The statement after it; empty where it was dropped."""

    @property
    def change(self):
        """The change in one line."""
        return f"{self.old} → {self.new}"


def mutants(source):
    """Make all mutants of a text.

    Parameters
    ----------
    source : str, Python code

    Returns
    -------
    list of Mutant, no two with the same source
    """
    tree = ast.parse(source)
    _drop_docstrings(tree)
    made = {ast.unparse(tree): None}
    for path, node in list(_nodes(tree)):
        for new in _variants(node, _scope(tree, path)):
            changed = copy.deepcopy(tree)
            _put(changed, path, new)
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text not in made and _compiles(text):
                statement = _statement(tree, path)
                old = _first_line(_get(tree, statement))
                after = _get(changed, statement)
                now = _first_line(after)
                if now == old:
                    # The change is further down: a loop that stops after its first round.
                    now = " ".join(line.strip() for line in ast.unparse(after).splitlines())
                made[text] = Mutant(text, old, "" if now == "pass" else now)
    return [mutant for mutant in made.values() if mutant]


def _drop_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]


def _nodes(node, path=()):
    """Every node below one, with the way to it: pairs of field and index.

    Annotations and what an error says are left out: no check looks at them.
    """
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns") or isinstance(node, ast.Raise):
            continue
        for k, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, ast.AST):
                step = (*path, (field, k if isinstance(value, list) else None))
                yield step, item
                yield from _nodes(item, step)


def _get(tree, path):
    for field, k in path:
        tree = getattr(tree, field) if k is None else getattr(tree, field)[k]
    return tree


def _put(tree, path, new):
    field, k = path[-1]
    owner = _get(tree, path[:-1])
    if k is None:
        setattr(owner, field, new)
    else:
        getattr(owner, field)[k] = new


def _statement(tree, path):
    """The way to the statement that a node stands in."""
    while not isinstance(_get(tree, path), ast.stmt):
        path = path[:-1]
    return path


def _first_line(node):
    return ast.unparse(node).splitlines()[0]


def _compiles(text):
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _scope(tree, path):
    """The local names of the function that a node stands in, in their order."""
    for end in range(len(path), 0, -1):
        node = _get(tree, path[:end])
        if isinstance(node, ast.FunctionDef):
            args = [arg.arg for arg in node.args.args]
            stored = [
                n.id
                for n in ast.walk(node)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            ]
            return list(dict.fromkeys([*args, *stored]))
    return []


def _variants(node, scope):
    """What can take the place of a node."""
    for kind, make in VARIANTS:
        if isinstance(node, kind):
            yield from make(node, scope)


def _changed(node, **fields):
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _binary(node, scope):
    for operator in SWAPS.get(type(node.op), ()):
        yield _changed(node, op=operator())
    yield node.left
    yield node.right
    if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
        yield _changed(node, left=node.right, right=node.left)
    yield _changed(node, left=ast.UnaryOp(ast.USub(), node.left))
    yield _changed(node, right=ast.UnaryOp(ast.USub(), node.right))


def _unary(node, scope):
    yield node.operand


def _compare(node, scope):
    for operator in SWAPS.get(type(node.ops[0]), ()):
        yield _changed(node, ops=[operator()])


def _boolean(node, scope):
    yield _changed(node, op=SWAPS[type(node.op)][0]())
    yield from node.values


def _constant(node, scope):
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value + 1)
        yield ast.Constant(-value)
        yield ast.Constant(value / 2)
    elif isinstance(value, str):
        yield ast.Constant(value + "_")


def _name(node, scope):
    if not isinstance(node.ctx, ast.Load) or node.id not in scope:
        return
    at = scope.index(node.id)
    for other in {scope[at - 1], scope[(at + 1) % len(scope)]} - {node.id}:
        yield ast.Name(other, ast.Load())


def _slice(node, scope):
    one = ast.Constant(1)
    if node.lower is not None and node.upper is not None:
        yield _changed(node, lower=node.upper, upper=node.lower)
    if node.lower is not None:
        yield _changed(node, lower=None)
        yield _changed(node, lower=ast.BinOp(node.lower, ast.Add(), one))
        if node.upper is None:
            yield _changed(node, lower=None, upper=node.lower)
    if node.upper is not None:
        yield _changed(node, upper=None)
        yield _changed(node, upper=ast.BinOp(node.upper, ast.Sub(), one))
        if node.lower is None:
            yield _changed(node, lower=node.upper, upper=None)


def _subscript(node, scope):
    if isinstance(node.ctx, ast.Load):
        yield node.value


def _sequence(node, scope):
    """Two items swapped, or one dropped where it is a value."""
    items = node.elts
    for a, b in itertools.combinations(range(len(items)), 2):
        swapped = list(items)
        swapped[a], swapped[b] = swapped[b], swapped[a]
        yield _changed(node, elts=swapped)
    if isinstance(getattr(node, "ctx", None), ast.Load):
        for k in range(len(items)):
            yield _changed(node, elts=items[:k] + items[k + 1 :])


def _dict(node, scope):
    for a, b in itertools.combinations(range(len(node.values)), 2):
        values = list(node.values)
        values[a], values[b] = values[b], values[a]
        yield _changed(node, values=values)
    for k in range(len(node.keys)):
        keys, values = list(node.keys), list(node.values)
        del keys[k], values[k]
        yield _changed(node, keys=keys, values=values)


def _call(node, scope):
    function = node.func
    name = getattr(function, "id", getattr(function, "attr", ""))
    if name in FUNCTIONS:
        other = FUNCTIONS[name]
        if isinstance(function, ast.Name):
            yield _changed(node, func=ast.Name(other, ast.Load()))
        else:
            yield _changed(node, func=_changed(function, attr=other))
    if node.args:
        yield node.args[0].value if isinstance(node.args[0], ast.Starred) else node.args[0]
    elif isinstance(function, ast.Attribute):
        yield function.value
    for a in range(len(node.args) - 1):
        args = list(node.args)
        args[a], args[a + 1] = args[a + 1], args[a]
        yield _changed(node, args=args)
    for k in range(len(node.args)):
        yield _changed(node, args=node.args[:k] + node.args[k + 1 :])
    for k in range(len(node.keywords)):
        yield _changed(node, keywords=node.keywords[:k] + node.keywords[k + 1 :])
    if name == "range":
        *before, stop = node.args[:2]
        less = ast.BinOp(stop, ast.Sub(), ast.Constant(1))
        yield _changed(node, args=[*before, less, *node.args[2:]])
        if len(node.args) == 1:
            yield _changed(node, args=[ast.Constant(1), stop])


def _attribute(node, scope):
    if isinstance(node.ctx, ast.Load) and node.attr in ("T", "mT"):
        yield node.value


def _loop(node, scope):
    for lower, upper in ((ast.Constant(1), None), (None, ast.Constant(-1))):
        if not isinstance(node.iter, ast.Call):
            part = ast.Subscript(node.iter, ast.Slice(lower, upper), ast.Load())
            yield _changed(node, iter=part)
    yield _changed(node, body=[*node.body, ast.Break()])
    yield _changed(node, iter=ast.Call(ast.Name("reversed", ast.Load()), [node.iter], []))


def _condition(node, scope):
    yield _changed(node, test=ast.Constant(True))
    yield _changed(node, test=ast.Constant(False))


def _augmented(node, scope):
    value = ast.BinOp(_loaded(node.target), node.op, node.value)
    yield ast.Assign([node.target], node.value)
    for operator in SWAPS.get(type(node.op), ()):
        yield _changed(node, op=operator())
    if isinstance(node.target, ast.Name):
        yield ast.Assign([node.target], value)


def _loaded(target):
    return _changed(target, ctx=ast.Load())


def _assignment(node, scope):
    yield ast.Pass()


def _return(node, scope):
    yield ast.Pass()


def _raise(node, scope):
    yield ast.Pass()
    yield ast.Raise(ast.Name("RuntimeError", ast.Load()))


VARIANTS = (
    (ast.BinOp, _binary),
    (ast.UnaryOp, _unary),
    (ast.Compare, _compare),
    (ast.BoolOp, _boolean),
    (ast.Constant, _constant),
    (ast.Name, _name),
    (ast.Slice, _slice),
    (ast.Subscript, _subscript),
    (ast.Tuple | ast.List, _sequence),
    (ast.Dict, _dict),
    (ast.Call, _call),
    (ast.Attribute, _attribute),
    (ast.For, _loop),
    (ast.If | ast.IfExp, _condition),
    (ast.AugAssign, _augmented),
    (ast.Assign | ast.AugAssign | ast.Expr, _assignment),
    (ast.Return, _return),
    (ast.Raise, _raise),
)
"""What is done to each kind of node."""
