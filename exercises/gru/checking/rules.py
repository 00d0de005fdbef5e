"""What an answer may not use: found in its text, and when it runs.

A NumPy exercise is to be solved without PyTorch, and a PyTorch exercise without the modules and
functions of PyTorch that do the exercise's work. The text is read as a syntax tree: nothing in it
is ever executed.
"""

import ast
import builtins
import functools
import itertools
import re
from dataclasses import dataclass

from .reading import (
    DEFINITION,
    DICTIONARIES,
    HIDING,
    LOOKS,
    MAX_DEPTH,
    RUNNING,
    TOO_LONG,
    UNREADABLE,
    Notebook,
    assigned,
    bound_by,
    called,
    is_private,
    is_too_long,
    is_torch,
    names_in,
    parsed,
    texts_run,
    walk,
    walk_fields,
)

FUNCTIONS = {
    "lstm": "LSTM",
    "lstm_cell": "LSTMCell",
    "gru": "GRU",
    "gru_cell": "GRUCell",
    "rnn_tanh": "RNN",
    "rnn_relu": "RNN",
    "rnn_tanh_cell": "RNNCell",
    "rnn_relu_cell": "RNNCell",
    "mkldnn_rnn_layer": "LSTM",
}
"""PyTorch's functions below its recurrent modules, each with the module that it belongs to."""

RECURRENT = re.compile("lstm|gru|rnn", re.IGNORECASE)
"""What a part of a name of PyTorch's looks like that does recurrent work. ``rnn`` itself does none:
a module of that name holds what does, or packs sequences."""
BELOW = ("torch.ao", "torch.classes", "torch.library", "torch.ops", "torch.quantization")
"""Where recurrent code lies beside PyTorch's modules; an exercise has no business there."""
NO_TEXT = (
    "torch.export",
    "torch.fx",
    "torch.hub",
    "torch.jit.CompilationUnit",
    "torch.jit.jit_module_from_flatbuffer",
    "torch.jit.load",
    "torch.package",
    "torch.serialization",
    "torch.utils.benchmark",
    "torch.utils.cpp_extension",
    "torch.utils.model_zoo",
)
"""What runs code that is no text of the notebook."""

BUILT = {"num_layers": (2, 1), "bidirectional": (6, False)}
"""Arguments of PyTorch's recurrent modules: where each stands, and what it is for one layer and one
direction."""

COMPUTED = RUNNING - {"eval", "exec", "compile"}
"""Calls that can give what no plain name stands for."""
HANDED_ON = {"sys", "importlib", "torch", "torch.nn", "torch.nn.modules", "torch.nn.modules.rnn"}
HANDED_ON |= {f"torch.nn.{name}" for name in ("functional", "init", "utils")}
HANDED_ON |= {f"torch.{name}" for name in ("autograd", "func", "functional", "jit", "utils")}
"""Modules that hold so much that one which is handed on as a value can't be followed."""

LIBRARIES = {"torch", "importlib", "sys", "builtins"}
NETWORKS = {"torch.nn.RNN", "torch.nn.GRU", "torch.nn.LSTM"}

NUMERICAL = {"scipy", "sklearn"}
"""Packages that may do in a call what an exercise for NumPy asks for."""

COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
MAX_SAID = 100
"""Characters of a name, or of an expression, that are told."""
MAX_TOLD = 20
"""Things that can't be decided that are told."""


@dataclass(frozen=True)
class Reading:
    """What the text of an answer uses."""

    forbidden: tuple[str, ...] = ()
    """Dotted names that the rules forbid."""
    unclear: tuple[str, ...] = ()
    """What can't be decided by reading: for the instructor to look at."""
    of_all: tuple[str, ...] = ()
    """What so concerns all answers of the notebook."""


def read(contract, cells):
    """Read an answer's text, and the text of the helpers that it calls.

    Answers to earlier exercises are not followed: each is read on its own.

    Parameters
    ----------
    contract : Contract
    cells : list of str, the texts of the notebook's code cells, in the order in which they ran

    Returns
    -------
    Reading
    """
    notebook = _notebook(tuple(cells))
    if notebook is None:
        return Reading(of_all=(f"{TOO_LONG}: it isn't read",))
    found, known = notebook.reached(contract.name, contract.uses)
    uses = _Uses(notebook, contract)
    uses.read(found)
    if contract.name not in notebook.made:
        uses.names.add(uses.dotted(ast.Name(contract.name, ast.Load())) or "")
        if contract.name not in notebook.imports and not notebook.stars:
            uses.unclear.add(f"{contract.name}: no text in the notebook makes it")
    forbidden = {n for n in uses.names if is_forbidden(contract, n)}
    if contract.single:
        # What an earlier answer builds for this one is this one's.
        helpers = _Uses(notebook, contract)
        helpers.read(notebook.reached(contract.name)[0])
        forbidden |= {n for n in helpers.names if _builds_more(contract, n)}
    maybe = _Uses(notebook, contract, ever=True)
    maybe.read(notebook.perhaps(found, known))
    hidden = {name.split(".")[0] for name in uses.names} & HIDING
    unclear = {f"{name}: what it runs is neither read nor watched" for name in hidden}
    unclear |= uses.unclear | maybe.unclear
    if contract.kind == "numpy":
        others = {name for name in uses.names if name.split(".")[0] in NUMERICAL}
        unclear |= {f"{name[:MAX_SAID]}: NumPy alone was to be used" for name in others}
    unclear |= {
        f"{name[:MAX_SAID]}: perhaps used, by way of another name"
        for name in maybe.names - uses.names
        if is_forbidden(contract, name)
    }
    if notebook.replaced_by_star(known):
        unclear.add("import *: perhaps takes the place of what stands above it")
    of_all = [
        f"{name[:MAX_SAID]}: {why}; this concerns all answers"
        for name, why in itertools.islice(notebook.doubtful.items(), MAX_TOLD)
        # One of the answer's own lines may have been told already.
        if not any(name in said for said in unclear)
    ]
    unclear = sorted(unclear)[:MAX_TOLD]
    return Reading(tuple(sorted(forbidden)), tuple(unclear), tuple(of_all))


def is_forbidden(contract, name):
    """Whether the rules forbid a dotted name in an exercise."""
    first, *parts = name.split(".")
    if first != "torch":
        return False
    if _builds_more(contract, name):
        return True
    for allowed in contract.allows:
        # What holds something allowed may be imported for its sake.
        if f"{name}.".startswith(f"{allowed}.") or allowed.startswith(f"{name}."):
            return False
    if contract.kind == "numpy":
        return True
    if any(f"{name}.".startswith(f"{place}.") for place in BELOW + NO_TEXT):
        return True
    if is_inner(name):
        return True
    work = {part for part in parts if RECURRENT.search(part)} - {"rnn"}
    modules = {FUNCTIONS.get(part.removeprefix("quantized_"), part) for part in work}
    return any(f"torch.nn.{module}" not in contract.allows for module in modules)


def is_inner(name):
    """Whether a dotted name is of PyTorch's inside, where more lies than what its parts say."""
    return any(map(is_private, name.split(".")))


def _builds_more(contract, name):
    """Whether a name says that several layers or both directions are built where one is to be."""
    return contract.single and not BUILT.keys().isdisjoint(name.split("."))


def forbidden_calls(contract, observed):
    """The forbidden functions of PyTorch that ran, by observations of the answer."""
    names = {name for seen in observed for name in seen["called"]}
    return {name for name in names if is_forbidden(contract, name)}


def say_forbidden(contract, names):
    """Why an answer that uses forbidden names gets no points, as the student reads it."""
    used = ", ".join(name[:MAX_SAID] for name in names[:5])
    if contract.kind == "numpy":
        rule = "with NumPy alone"
        if contract.allows:
            allowed = ", ".join(contract.allows)
            rule = f"without building a network to look at ({allowed} alone is allowed)"
        return (
            f"{contract.name} uses {used}. This exercise is to be solved {rule}, so it gets no "
            "points"
        )
    if any(_builds_more(contract, name) for name in names):
        return (
            f"{contract.name} uses {used}. In this exercise, networks of PyTorch may only be built "
            "with one layer and one direction each, so it gets no points"
        )
    if any(f"{name}.".startswith(f"{place}.") for name in names for place in NO_TEXT):
        return (
            f"{contract.name} uses {used}, which runs what can't be read in your notebook, so it "
            "gets no points"
        )
    if all(map(is_inner, names)):
        return (
            f"{contract.name} uses {used}, of PyTorch's inside: names that begin with _ are not "
            "allowed here, as recurrent work is done by some of them, so it gets no points"
        )
    return (
        f"{contract.name} uses {used}, which does the work that the exercise asks of you, so it "
        "gets no points. Build it from matrix products, sigmoids and tanh"
    )


@functools.lru_cache(maxsize=1)
def _notebook(cells):
    """A notebook, read once for all its exercises; None where it is longer than anyone writes."""
    return None if is_too_long(cells) else Notebook(cells)


def _arguments(function):
    return {arg.arg for arg in walk(function.args) if isinstance(arg, ast.arg)}


def _fields_within(node):
    """The fields of a node but where variables are another's."""
    return () if isinstance(node, DEFINITION | ast.Lambda | COMPREHENSIONS) else node._fields


def _own(function):
    """A function's own variables, each with what it is imported as, or None.

    Those of functions, classes and loops within it are not its own.
    """
    own, shared = dict.fromkeys(_arguments(function)), set()
    for part in walk_fields([*function.body], _fields_within):
        for name in bound_by(part):
            own.setdefault(name)
        if isinstance(part, ast.Global):
            shared.update(part.names)
        elif isinstance(part, ast.Import | ast.ImportFrom):
            given = f"{part.module}." if isinstance(part, ast.ImportFrom) else ""
            for alias in part.names:
                name = alias.asname or alias.name.split(".")[0]
                origin = given + alias.name if given or alias.asname else name
                if is_torch(origin) or not own.get(name):
                    own[name] = origin
    return {name: origin for name, origin in own.items() if name not in shared}


class _Uses(ast.NodeVisitor):
    """Collects the dotted names that statements use, and what can't be told by reading.

    With ``ever``, names stand for what of PyTorch's they have stood for at any time.
    """

    def __init__(self, notebook, contract, ever=False):
        self.notebook = notebook
        self.contract = contract
        self.local = []
        """For each function around, its own variables, with the dotted name that one stands for."""
        self.names = set()
        self.unclear = set()
        self._ever = ever
        self._top = None
        self._asked_about = frozenset()
        self._dotted, self._aliases = {}, {}
        self._depth = 0

    def read(self, statements):
        """Visit statements, but for those that can use nothing that is looked for."""
        for statement in statements:
            if self._ever or self.contract.single or not self.notebook.is_plain(statement):
                self._top, self._asked_about = statement.tree, statement.asked
                try:
                    self.visit(statement.tree)
                except RecursionError:
                    self.local.clear()
                    self.unclear.add("text that is nested too deeply to be read")

    def visit(self, node):
        """Visit a node that is used: what is only asked about is not."""
        if node not in self._asked_about:
            super().visit(node)

    def dotted(self, node):
        """The dotted name that an expression stands for, or None."""
        if node not in self._dotted:
            self._dotted[node] = self._resolved(node)
        return self._dotted[node]

    def _resolved(self, node):
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return f"{owner}.{node.attr}" if owner else None
        if isinstance(node, ast.Call):
            return self._looked_up(node)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        return None

    def _named(self, name):
        notebook = self.notebook
        for local in reversed(self.local):
            if name in local:
                return local[name]
        star = None
        if not hasattr(builtins, name):
            star = next((f"{module}.{name}" for module in notebook.stars if is_torch(module)), None)
        if self._ever and is_torch(notebook.ever_imported.get(name, "")):
            return notebook.ever_imported[name]
        if name in notebook.imports:
            return notebook.imports[name]
        if name in notebook.made:
            return self._alias(name) or (star if self._ever else None)
        return star

    def _alias(self, name):
        """What a plain assignment of one name to another stands for."""
        if name not in self._aliases:
            self._aliases[name] = None  # which is what names in a circle stand for
            for statement in reversed(self.notebook.made[name]):
                targets, value = assigned(statement.tree)
                if name in targets and isinstance(value, ast.Name | ast.Attribute):
                    local, self.local = self.local, []
                    try:
                        self._aliases[name] = self.dotted(value)
                    finally:
                        self.local = local
                if name in targets or isinstance(statement.tree, DEFINITION):
                    break
        return self._aliases[name]

    def _looked_up(self, call):
        """What getattr, __import__ and import_module with constant names stand for."""
        function = called(call, any_owner=True)
        texts = [a.value for a in call.args if isinstance(a, ast.Constant)]
        texts = [t for t in texts if isinstance(t, str)]
        if function == "getattr" and len(call.args) >= 2:
            owner = self.dotted(call.args[0])
            if owner and len(texts) and isinstance(call.args[1], ast.Constant):
                return f"{owner}.{texts[0]}"
        if function in ("__import__", "import_module") and texts:
            return texts[0]
        if function == "vars" and call.args:
            return self.dotted(call.args[0])
        return None

    def _item(self, node):
        """What modules' own dictionaries and sys.modules give for a constant key."""
        owner = self.dotted(node.value)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if owner is None or not isinstance(key, str):
            return None
        if owner == "sys.modules":
            return key
        return f"{owner.removesuffix('.__dict__')}.{key}" if is_torch(owner) else None

    def visit_Import(self, node):
        self.names.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node):
        self.names.update(f"{node.module}.{alias.name}" for alias in node.names)

    def visit_Name(self, node):
        self._use(node)

    def visit_Attribute(self, node):
        own = getattr(node.value, "id", "") == "self"
        # A network that is made over by its dictionary need not be built with what it then has.
        if node.attr in DICTIONARIES and (
            self.dotted(node.value) or (self.contract.single and not own)
        ):
            self._cant_tell(node, "a name made at run time")
        if self._use(node) is None:
            self.generic_visit(node)

    def visit_Subscript(self, node):
        if self._use(node) is None:
            if self.dotted(node.value) == "sys.modules":
                self._cant_tell(node, "a name made at run time")
            self.generic_visit(node)

    def visit_Call(self, node):
        self._look_at_arguments(node)
        resolved = self._use(node)
        if resolved is None:
            self._computed(node)
            self.visit(node.func)
        looks = called(node) in LOOKS and node.args
        # What is only looked into isn't handed on.
        given = node.args[1:] if looks and self.dotted(node.args[0]) else node.args
        for part in (*given, *node.keywords):
            self.visit(part)

    def visit_Assign(self, node):
        for target in getattr(node, "targets", ()):
            if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") != "self":
                self._argument(target.attr, node.value)
        targets, _ = assigned(node)
        name = self.dotted(node.value)
        own = self.local[-1] if self.local else {}
        kept = node is self._top and not self._ever
        kept = kept or all(own.get(target, "") in (None, name) for target in targets)
        if name is None or not targets or not kept:
            self.generic_visit(node)
            return
        self.names.add(name)
        if node is not self._top:
            own.update(dict.fromkeys(targets, name))

    def visit_ClassDef(self, node):
        if self.contract.single and any(self._recurrent(base) for base in node.bases):
            self._cant_tell(node, "a network of PyTorch made over")
        self.generic_visit(node)

    def _recurrent(self, node):
        """Whether an expression stands for something recurrent of PyTorch's."""
        parts = (self.dotted(node) or "").split(".")
        return parts[0] == "torch" and RECURRENT.search(parts[-1]) is not None

    def _look_at_arguments(self, call):
        """Look for arguments that ask for more than one layer and one direction.

        Those that aren't constants are left to the watch.
        """
        if not self.contract.single:
            return
        network = self._recurrent(call.func)
        # A function of one's own may be told how many layers there are.
        own = called(call) in self.notebook.made and self.dotted(call.func) is None
        own = own or getattr(getattr(call.func, "value", None), "id", "") == "self"
        if called(call) == "setattr" and len(call.args) == 3:
            self._argument(getattr(call.args[1], "value", None), call.args[2])
        if own or called(call) == "dict":
            return
        for keyword in call.keywords:
            self._argument(keyword.arg, keyword.value, network or keyword.arg == "bidirectional")
            if network and isinstance(keyword.value, ast.Dict) and keyword.arg is None:
                if not all(isinstance(key, ast.Constant) for key in keyword.value.keys):
                    self._cant_tell(call, "an argument's name made at run time")
                for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                    self._argument(getattr(key, "value", None), value)
        if network:
            for name, (place, _) in BUILT.items():
                if place < len(call.args):
                    self._argument(name, call.args[place])

    def _argument(self, name, value, sure=True):
        if not self.contract.single or name not in BUILT or not isinstance(value, ast.Constant):
            return
        if value.value == BUILT[name][1]:
            return
        if sure:
            self.names.add(f"{self.contract.allows[0]}.{name}")
        else:
            self._cant_tell(value, f"{name}, perhaps of a network of PyTorch")

    def _computed(self, call):
        name = called(call)
        texts = texts_run(call)
        for text in texts:
            self._depth += 1
            try:
                if self._depth > MAX_DEPTH:
                    raise ValueError("texts within texts deeper than anyone writes")
                self.visit(parsed(text)[0])
            except UNREADABLE:
                self._cant_tell(call, "text run as code")
            finally:
                self._depth -= 1
        if texts:
            return
        if name in ("eval", "exec", *COMPUTED) or called(call, any_owner=True) == "import_module":
            self._cant_tell(call, "a name made at run time")
        elif name == "getattr" and call.args:
            owner = self.dotted(call.args[0])
            # Where all networks are allowed, one may be chosen by its name.
            chosen = owner == "torch.nn" and NETWORKS.issubset(self.contract.allows)
            if owner and owner.split(".")[0] in LIBRARIES and not chosen:
                self._cant_tell(call, "a name made at run time")

    def _cant_tell(self, node, why):
        # To write out what is long would take long.
        long = node.end_lineno > node.lineno or node.end_col_offset - node.col_offset > 2 * MAX_SAID
        said = f"line {node.lineno} of a cell" if long else ast.unparse(node)[:MAX_SAID]
        self.unclear.add(f"{said}: {why}")

    def _use(self, node):
        name = self.dotted(node)
        if name:
            self.names.add(name)
            if name in HANDED_ON:
                self._cant_tell(node, f"the module {name} handed on as a value")
        return name

    def visit_arg(self, node):
        """An annotation uses nothing."""

    def visit_AnnAssign(self, node):
        if node.value:
            self.visit_Assign(node)

    def visit_FunctionDef(self, node):
        for part in (*node.decorator_list, node.args):
            self.visit(part)
        self._visit_within(_own(node), node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.visit(node.args)
        self._visit_within(dict.fromkeys(_arguments(node)), [node.body])

    def visit_ListComp(self, node):
        targets = [part for made in node.generators for part in walk(made.target)]
        self._visit_within(dict.fromkeys(names_in(targets)), ast.iter_child_nodes(node))

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _visit_within(self, own, parts):
        """Visit what variables of its own belong to: one hides a global one, nn can be a number."""
        self.local.append(own)
        for part in parts:
            self.visit(part)
        self.local.pop()
