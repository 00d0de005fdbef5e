"""What an answer may not use: found in its text, and when it runs.

A NumPy exercise is to be solved without PyTorch, and a PyTorch exercise without the modules and
functions of PyTorch that do the exercise's work. The text is read as a syntax tree: nothing in it
is ever executed.
"""

import ast
import builtins
import functools
import re
import symtable
import sys
from dataclasses import dataclass

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
    "torch.hub",
    "torch.jit.CompilationUnit",
    "torch.jit.jit_module_from_flatbuffer",
    "torch.jit.load",
    "torch.load",
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

PREPARED = {"np": "numpy", "torch": "torch", "nn": "torch.nn"}
"""The names that the notebook's set-up cell imports."""

RUNNING = {"eval", "exec", "compile", "__import__", "globals"}
COMPUTED = {*RUNNING, "vars", "locals"}
"""Calls that can make a name at run time."""
DICTIONARIES = {"__dict__", "__getattribute__", "__setattr__"}
LOOKING_UP = {*COMPUTED, *DICTIONARIES, "getattr", "import_module"}
"""Names that can give what no plain name stands for."""
HANDED_ON = {"sys", "importlib", "torch", "torch.nn", "torch.nn.modules", "torch.nn.modules.rnn"}
HANDED_ON |= {f"torch.nn.{name}" for name in ("functional", "init", "utils")}
HANDED_ON |= {f"torch.{name}" for name in ("autograd", "func", "functional", "jit", "utils")}
"""Modules that hold so much that one which is handed on as a value can't be followed."""

KNOWN = {*sys.stdlib_module_names, "numpy", "torch", "matplotlib", "mpl_toolkits", "IPython"}
KNOWN |= {"check", "ipywidgets", "pandas", "scipy", "seaborn", "sklearn", "tqdm", "PIL"}
"""Modules whose text is nobody's to write. What is in another may be anything."""
BEHIND = {"autograder", "builtins", "ctypes", "gc", "inspect", "marshal"}
"""Modules that reach what no name of a notebook stands for, the check itself among it."""
INSIDE = {
    *("__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__", "__self__"),
    *("__loader__", "__spec__", "_getframe", "f_globals", "f_locals", "tb_frame", "gi_frame"),
}
"""Attributes that reach the same, by whatever way they are named."""
RUNNERS = {
    *("exec_module", "load_module", "run_cell", "run_code", "runstring", "rundocs", "define"),
    *("ast_transformers", "input_transformers_cleanup", "input_transformers_post", "user_ns"),
    *("ctypeslib", "f2py", "_VF"),
}
"""Attributes that run other text than that of the cells, or code of other languages."""
REACHES = "what is reached by it can't be read"
HIDING = {
    *("threading", "_thread", "concurrent", "multiprocessing", "asyncio", "subprocess"),
    *("pickle", "shelve", "runpy", "pkgutil", "pydoc", "code", "codeop", "timeit", "cProfile"),
    *("profile", "trace", "pdb", "bdb", "doctest", "unittest"),
}
"""Modules that run something unwatched, or by a name that isn't read."""

KEPT_CELLS = 256
"""Cells whose trees are kept: the released ones, and what many students write alike."""
MAX_KEPT = 4_000
"""Characters of a cell beyond which its tree isn't kept."""
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
MAX_SAID = 100
"""Characters of a name that are told."""


@dataclass(frozen=True)
class Reading:
    """What the text of an answer uses."""

    forbidden: tuple[str, ...] = ()
    """Dotted names that the rules forbid."""
    unclear: tuple[str, ...] = ()
    """What can't be decided by reading: for the instructor to look at."""


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
    uses = _Uses(notebook, contract)
    unclear = set()
    for statement in notebook.reached(contract.name, set(contract.uses)):
        if contract.single or not notebook.is_plain(statement):
            try:
                uses.visit(statement.tree)
            except RecursionError:
                unclear.add("text that is nested too deeply to be read")
    if contract.name in notebook.imports:
        uses.names.add(notebook.imports[contract.name])
    forbidden = sorted({n for n in uses.names if is_forbidden(contract, n)})
    hidden = {name.split(".")[0] for name in uses.names} & HIDING
    unclear |= {f"{name}: what it runs is neither read nor watched" for name in hidden}
    unclear |= uses.unclear
    for name, why in notebook.doubtful.items():
        # One of the answer's own lines may have been told already.
        if not any(said.startswith(name) for said in unclear):
            unclear.add(f"{name}: {why}")
    if any(contract.name in cell for cell in notebook.unread):
        unclear.add("a cell whose text can't be read as Python")
    return Reading(tuple(forbidden), tuple(sorted(unclear)))


def is_forbidden(contract, name):
    """Whether the rules forbid a dotted name in an exercise."""
    first, *parts = name.split(".")
    if first != "torch":
        return False
    if contract.single and not BUILT.keys().isdisjoint(parts):
        return True
    for allowed in contract.allows:
        # What holds something allowed may be imported for its sake.
        if f"{name}.".startswith(f"{allowed}.") or allowed.startswith(f"{name}."):
            return False
    if contract.kind == "numpy":
        return True
    if any(f"{name}.".startswith(f"{place}.") for place in BELOW + NO_TEXT):
        return True
    if any(part.startswith("_") and not part.endswith("__") for part in parts):
        return True
    work = {part for part in parts if RECURRENT.search(part)} - {"rnn"}
    modules = {FUNCTIONS.get(part.removeprefix("quantized_"), part) for part in work}
    return any(f"torch.nn.{module}" not in contract.allows for module in modules)


def forbidden_calls(contract, observed):
    """The forbidden functions of PyTorch that ran, by observations of the answer."""
    names = {name for seen in observed for name in seen["called"]}
    return {name for name in names if is_forbidden(contract, name)}


def say_forbidden(contract, names):
    """Why an answer that uses forbidden names gets no points, as the student reads it."""
    used = ", ".join(name[:MAX_SAID] for name in names[:5])
    if contract.kind == "numpy":
        return (
            f"{contract.name} uses {used}. This exercise is to be solved with NumPy alone, so it "
            "gets no points"
        )
    if contract.single and any(not BUILT.keys().isdisjoint(name.split(".")) for name in names):
        return (
            f"{contract.name} uses {used}. In this exercise, networks of PyTorch may only be built "
            "with one layer and one direction each, so it gets no points"
        )
    if any(f"{name}.".startswith(f"{place}.") for name in names for place in NO_TEXT):
        return (
            f"{contract.name} uses {used}, which runs what can't be read in your notebook, so it "
            "gets no points"
        )
    return (
        f"{contract.name} uses {used}, which does the work that the exercise asks of you, so it "
        "gets no points. Build it from matrix products, sigmoids and tanh"
    )


@functools.lru_cache(maxsize=1)
def _notebook(cells):
    """A notebook is read once for all of its exercises."""
    return _Notebook(cells)


class _Notebook:
    """The definitions of a notebook: for each name, the statements that make it."""

    def __init__(self, cells):
        self.made = {}
        self.imports = dict(PREPARED)
        self.stars = []
        self.unread = []
        self.loose = []
        self.doubtful = {}
        """What can change or reach anything wherever it stands, each with the reason."""
        for cell in cells:
            if "%run" in cell and re.search(r"^\s*%run\b", cell, re.MULTILINE):
                self.doubtful["%run"] = "a file whose text isn't in the notebook"
            statements = _statements(cell) if len(cell) <= MAX_KEPT else _parsed(cell)
            if statements is None:
                self.unread.append(cell)
                continue
            for statement in statements:
                self._take(statement)
        for statement in self.loose:
            # What runs with the cell can change anything; what is only defined is read where used.
            called = [part for name in statement.called for part in self.made.get(name, ())]
            for part in (statement, *called):
                self.doubtful |= dict.fromkeys(part.names & RUNNING, "a name made at run time")

    def _take(self, statement):
        tree = statement.tree
        self.doubtful |= statement.doubtful
        if isinstance(tree, ast.Import | ast.ImportFrom):
            for alias in tree.names:
                self.made.pop(alias.asname or alias.name, None)
        for node in statement.imports:
            self._import(node)
        if isinstance(tree, ast.Import | ast.ImportFrom):
            return
        if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            # A later definition takes the place of an earlier one.
            self.made[tree.name] = [statement]
            self.imports.pop(tree.name, None)
            return
        self.loose.append(statement)
        afresh = isinstance(tree, ast.Assign) and all(
            isinstance(target, ast.Name) for target in tree.targets
        )
        for name in _stored(tree):
            if afresh and name not in _names(_walk(tree.value)):
                self.made[name] = []
                self.imports.pop(name, None)
            self.made.setdefault(name, []).append(statement)

    def _import(self, node):
        for alias in node.names:
            if isinstance(node, ast.Import):
                name = alias.asname or alias.name.split(".")[0]
                self.imports[name] = alias.name if alias.asname else name
            elif alias.name == "*":
                self.stars.append(node.module or "")
            else:
                self.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def reached(self, name, stop):
        """The statements that an answer is made of: its own and those of what it calls."""
        waiting, known, found = [name], {name}, []
        while waiting:
            for statement in self.made.get(waiting.pop(), []):
                found.append(statement)
                for used in statement.names & self.made.keys() - known - stop:
                    if used in statement.global_names:
                        known.add(used)
                        waiting.append(used)
        # What defines nothing can still change what is defined: setattr(LSTM, …), exec(…).
        for statement in self.loose:
            if (
                statement.called & {"exec", "eval"}
                or ("setattr" in statement.called and statement.names & known)
                or statement.opened & (known | self.imports.keys())
            ):
                found.append(statement)
        return found

    def is_plain(self, statement):
        """Whether a statement can use nothing but NumPy, Python's own and functions made here."""
        return not (
            statement.imports
            or statement.names & LOOKING_UP
            or statement.attributes & LOOKING_UP
            or any(star.startswith("torch") for star in self.stars)
            or any(self._stands_for(name) for name in statement.names)
        )

    def _stands_for(self, name):
        """Whether a name may stand for something else than NumPy or a function made here."""
        if name in self.imports:
            return self.imports[name].split(".")[0] != "numpy"
        return name in self.made and isinstance(self.made[name][-1].tree, ast.Assign)


class _Statement:
    """A statement at the top of a cell, with what is looked for in it."""

    def __init__(self, tree):
        self.tree = tree
        nodes = _walk(tree)
        self.names = _names(nodes)
        self.imports = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
        self.attributes = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
        self.called = {_called(n) for n in nodes if isinstance(n, ast.Call)}
        self.opened = set()
        """Names of what it can set any attribute of."""
        if self.called & {"setattr", "vars"} or self.attributes & DICTIONARIES:
            self.opened = {_root(owner) for owner in map(_opened, nodes) if owner}
        self.doubtful = self._doubtful(nodes)

    def _doubtful(self, nodes):
        """What in it can change or reach anything, whether or not an answer uses it."""
        # As in getattr(f, "__globals__") and attrgetter("a.__globals__"), but not in a docstring.
        texts = [n.value for n in nodes if isinstance(n, ast.Constant)]
        short = [t for t in texts if isinstance(t, str) and len(t) <= MAX_SAID and " " not in t]
        words = self.names.union(self.attributes, *(text.split(".") for text in short))
        found = dict.fromkeys(words & INSIDE, REACHES)
        found |= dict.fromkeys(self.attributes & RUNNERS, REACHES)
        if any(isinstance(n, ast.keyword) and n.arg == "allow_pickle" for n in nodes):
            found["allow_pickle"] = REACHES
        for node in self.imports:
            given = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                name = given + alias.name
                root = name.split(".")[0]
                hides = (name == "sys" and alias.asname) or name in ("sys.modules", "sys.*")
                if root in BEHIND or alias.name in INSIDE or hides:
                    found[name] = REACHES
                elif root not in KNOWN:
                    found[name] = "a module whose text isn't in the notebook"
        if "sys" in self.names | self.attributes:
            found |= dict.fromkeys(_of_sys(nodes), REACHES)
        return found

    @functools.cached_property
    def global_names(self):
        """The names in it that are global ones: a function's own variables hide those."""
        try:
            return globals_of(symtable.symtable(ast.unparse(self.tree), "", "exec"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return self.names


def _parsed(cell):
    """The statements of a cell, or None where it can't be read as Python."""
    try:
        tree = ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # It may still run in IPython, whose own commands are no Python.
        tree = _without_magics(cell)
    return None if tree is None else tuple(map(_Statement, tree.body))


def globals_of(table):
    """The global names in a symbol table and in those of the functions and classes within it."""
    at_top = table.get_type() == "module"
    own = {s.get_name() for s in table.get_symbols() if at_top or s.is_global()}
    return own.union(*map(globals_of, table.get_children()))


_statements = functools.lru_cache(maxsize=KEPT_CELLS)(_parsed)


def _walk(tree):
    """All nodes of a tree but contexts and operators, as ``ast.walk`` gives them, but sooner."""
    found = [tree]
    for node in found:
        for field in node._fields:
            if field in ("ctx", "op", "ops"):
                continue
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [item for item in value if isinstance(item, ast.AST)]
    return found


def _without_magics(cell):
    """A cell's tree without the lines that are IPython's own; None where it still can't be read."""
    lines = [
        line
        for line in cell.splitlines()
        if not line.lstrip().startswith(("%", "!", "?")) and not line.rstrip().endswith("?")
    ]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _stored(statement):
    """The global names that a statement sets, or whose attributes or items it sets."""
    names = set()
    for node in [statement] if not hasattr(statement, "body") else _walk(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        for target in filter(None, targets):
            for part in _walk(target):
                if isinstance(part, ast.Name):
                    names.add(part.id)
    return names


def _of_sys(nodes):
    """What is used of ``sys`` that gives every module: its ``modules``, or itself as a value."""
    found = set()
    owned = {id(n.value): n.attr for n in nodes if isinstance(n, ast.Attribute)}
    for node in nodes:
        if "sys" in (getattr(node, "id", ""), getattr(node, "attr", "")):
            used = owned.get(id(node), "")
            if used in ("", "modules"):
                found.add(f"sys.{used}".rstrip("."))
    return found


def _opened(node):
    """What a node can set any attribute of, or None."""
    if isinstance(node, ast.Attribute) and node.attr in DICTIONARIES:
        return node.value
    if isinstance(node, ast.Call) and _called(node) in ("setattr", "vars") and node.args:
        return node.args[0]
    return None


def _root(node):
    """The name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return getattr(node, "id", "")


def _names(nodes):
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _arguments(function):
    return {arg.arg for arg in _walk(function.args) if isinstance(arg, ast.arg)}


def _own(function):
    """A function's own variables; those of functions, classes and loops within it are not."""
    own, shared, parts = _arguments(function), set(), [*function.body]
    for part in parts:
        if isinstance(part, ast.Global):
            shared.update(part.names)
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(part.name)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            own.add(part.id)
        elif not isinstance(part, ast.Lambda | COMPREHENSIONS):
            parts += ast.iter_child_nodes(part)
    return own - shared


def _called(node):
    return node.func.id if isinstance(node.func, ast.Name) else ""


class _Uses(ast.NodeVisitor):
    """Collects the dotted names that statements use, and what can't be told by reading."""

    def __init__(self, notebook, contract):
        self.notebook = notebook
        self.contract = contract
        self.local = []
        """For each function around, its own variables, with the dotted name that one stands for."""
        self.names = set()
        self.unclear = set()
        self._asked = []

    def dotted(self, node):
        """The dotted name that an expression stands for, or None."""
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
        if name in notebook.imports:
            return notebook.imports[name]
        if name in notebook.made:
            return self._alias(name)
        for module in notebook.stars:
            if module.startswith("torch") and not hasattr(builtins, name):
                return f"{module}.{name}"
        return None

    def _alias(self, name):
        """What a plain assignment of one name to another stands for."""
        statement = self.notebook.made[name][-1].tree
        if name in self._asked or not isinstance(statement, ast.Assign):
            return None
        if len(statement.targets) > 1 or not isinstance(statement.value, ast.Name | ast.Attribute):
            return None
        self._asked.append(name)
        try:
            return self.dotted(statement.value)
        finally:
            self._asked.pop()

    def _looked_up(self, call):
        """What getattr, __import__ and import_module with constant names stand for."""
        function = _called(call) or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
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
        return f"{owner.removesuffix('.__dict__')}.{key}" if owner.startswith("torch") else None

    def visit_Import(self, node):
        self.names.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node):
        self.names.update(f"{node.module}.{alias.name}" for alias in node.names)

    def visit_Name(self, node):
        self._use(node)

    def visit_Attribute(self, node):
        if node.attr in DICTIONARIES and self.dotted(node.value):
            self._cant_tell(node, "a name made at run time")
        sets = isinstance(node.ctx, ast.Store) and getattr(node.value, "id", "") != "self"
        if sets and node.attr in BUILT and self.contract.single:
            self._builds(node.attr)
        if self._use(node) is None:
            self.generic_visit(node)

    def visit_Subscript(self, node):
        key = getattr(node.slice, "value", None)
        if self.contract.single and isinstance(node.ctx, ast.Store) and key in BUILT:
            self._builds(key)
        if self._use(node) is None:
            if self.dotted(node.value) == "sys.modules":
                self._cant_tell(node, "a name made at run time")
            self.generic_visit(node)

    def visit_Call(self, node):
        if self.contract.single:
            self._arguments(node)
        resolved = self._use(node)
        if resolved is None:
            self._computed(node)
            self.visit(node.func)
        looks = _called(node) in ("getattr", "hasattr") and node.args
        # What is only looked into isn't handed on.
        given = node.args[1:] if looks and self.dotted(node.args[0]) else node.args
        for part in (*given, *node.keywords):
            self.visit(part)

    def visit_Assign(self, node):
        name = self.dotted(node.value)
        if name is None or not all(isinstance(target, ast.Name) for target in node.targets):
            self.generic_visit(node)
            return
        self.names.add(name)
        for target in node.targets:
            if self.local and target.id in self.local[-1]:
                self.local[-1][target.id] = name

    def visit_ClassDef(self, node):
        if self.contract.single and any(self._recurrent(base) for base in node.bases):
            self._cant_tell(node, "a network of PyTorch made over")
        self.generic_visit(node)

    def visit_Dict(self, node):
        if self.contract.single:
            for key, value in zip(node.keys, node.values, strict=True):
                self._argument(getattr(key, "value", None), value)
        self.generic_visit(node)

    def _recurrent(self, node):
        """Whether an expression stands for something recurrent of PyTorch's."""
        parts = (self.dotted(node) or "").split(".")
        return parts[0] == "torch" and RECURRENT.search(parts[-1]) is not None

    def _arguments(self, call):
        """Look for arguments that build more than one layer and one direction."""
        network = self._recurrent(call.func)
        # A function of one's own may be told how many layers there are.
        own = _called(call) in self.notebook.made and self.dotted(call.func) is None
        own = own or getattr(getattr(call.func, "value", None), "id", "") == "self"
        for keyword in call.keywords:
            if not own:
                sure = network or keyword.arg == "bidirectional" or _called(call) == "dict"
                self._argument(keyword.arg, keyword.value, sure)
        if _called(call) == "setattr" and len(call.args) == 3:
            self._argument(getattr(call.args[1], "value", None), call.args[2])
        if not network:
            return
        for name, (place, _) in BUILT.items():
            if place < len(call.args):
                self._argument(name, call.args[place])
        if any(isinstance(a, ast.Starred) for a in call.args) or any(
            keyword.arg is None for keyword in call.keywords
        ):
            self._cant_tell(call, "arguments made at run time")

    def _argument(self, name, value, sure=True):
        if name not in BUILT:
            return
        if isinstance(value, ast.Constant) and value.value == BUILT[name][1]:
            return
        if sure:
            self._builds(name)
        else:
            self._cant_tell(value, f"{name}, perhaps of a network of PyTorch")

    def _builds(self, name):
        self.names.add(f"{self.contract.allows[0]}.{name}")

    def _computed(self, call):
        name = _called(call)
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in ("eval", "exec") and call.args and isinstance(call.args[0], ast.Constant):
            try:
                self.visit(ast.parse(str(call.args[0].value)))
            except (SyntaxError, ValueError, RecursionError):
                self._cant_tell(call, "text run as code")
        elif name in COMPUTED - {"vars", "locals"} or attribute == "import_module":
            self._cant_tell(call, "a name made at run time")
        elif name == "getattr" and call.args:
            owner = self.dotted(call.args[0])
            if owner and owner.split(".")[0] in ("torch", "importlib", "sys", "builtins"):
                self._cant_tell(call, "a name made at run time")

    def _cant_tell(self, node, why):
        self.unclear.add(f"{ast.unparse(node)[:80]}: {why}")

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
            self.visit_Assign(ast.Assign([node.target], node.value))

    def visit_FunctionDef(self, node):
        for part in (*node.decorator_list, node.args):
            self.visit(part)
        self._visit_within(_own(node), node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.visit(node.args)
        self._visit_within(_arguments(node), [node.body])

    def visit_ListComp(self, node):
        targets = [part for made in node.generators for part in _walk(made.target)]
        self._visit_within(_names(targets), ast.iter_child_nodes(node))

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _visit_within(self, own, parts):
        """Visit what variables of its own belong to: one hides a global one, nn can be a number."""
        self.local.append(dict.fromkeys(own))
        for part in parts:
            self.visit(part)
        self.local.pop()
