"""What the statements of a notebook make, use and change, by their text: nothing is executed.

A text that IPython alone understands is read as what IPython makes of it.
"""

import ast
import collections
import contextlib
import functools
import importlib
import importlib.machinery
import re
import symtable
import sys
import sysconfig
import types
import warnings
from pathlib import Path

MAX_TEXT = 100_000
"""Characters of all cells beyond which they aren't read: solved notebooks have a third at most."""
MAX_STATEMENTS = 2_000
"""Statements at the top of all cells, likewise: solved notebooks have 40."""
MAX_NAMES = 50
"""Names of one thing, likewise."""
MAX_TRANSFORMED = 200_000
"""Characters of each cell times the commands of IPython in it, likewise: it reads all for each."""
KEPT_CELLS = 256
"""Cells whose trees are kept: the released ones, and what many students write alike."""
KEPT_CHAINS = 4_096
"""Chains of attributes of which it is kept where they lead."""
LAST_CELLS = 64
"""Cells that are read more than once, one soon after the other: those of a notebook."""
MAX_KEPT = 4_000
"""Characters of a cell beyond which its tree isn't kept."""
MAX_DEPTH = 3
"""Texts that are run as code within such texts."""
MAX_WORD = 100
"""Characters of a text that may be a name."""
TOO_LONG = "a notebook longer than anyone writes"
UNREADABLE = (SyntaxError, ValueError, RuntimeError, MemoryError)

PREPARED = {"np": "numpy", "torch": "torch", "nn": "torch.nn"}
"""The names that the notebook's set-up cell imports."""
KNOWN = {"numpy", "torch", "matplotlib", "mpl_toolkits", "IPython", "check", "ipywidgets"}
KNOWN |= {"pandas", "scipy", "seaborn", "sklearn", "tqdm", "PIL"}
KNOWN |= {
    *("__future__", "abc", "argparse", "array", "asyncio", "base64", "binascii", "bisect"),
    *("calendar", "cmath", "collections", "colorsys", "concurrent", "contextlib", "contextvars"),
    *("copy", "cProfile", "csv", "dataclasses", "datetime", "decimal", "difflib", "doctest"),
    *("enum", "errno", "faulthandler", "fractions", "functools", "getpass", "glob", "gzip"),
    *("hashlib", "heapq", "importlib", "io", "itertools", "json", "keyword", "locale", "logging"),
    *("math", "multiprocessing", "numbers", "operator", "os", "pathlib", "pdb", "platform"),
    *("pprint", "profile", "pstats", "queue", "random", "re", "reprlib", "secrets", "shutil"),
    *("signal", "stat", "statistics", "string", "struct", "subprocess", "sys", "tempfile"),
    *("textwrap", "threading", "time", "timeit", "traceback", "tracemalloc", "types", "typing"),
    *("unicodedata", "unittest", "urllib", "uuid", "warnings", "weakref", "zipfile", "zlib"),
}
"""Modules whose text is nobody's to write, and that run no other. What is in another may be
anything."""
BEHIND = {"autograder", "builtins", "ctypes", "gc", "inspect", "marshal", "_pickle", "pickle"}
BEHIND |= {"bdb", "code", "codeop", "runpy", "shelve", "trace"}
"""Modules that reach what no name of a notebook stands for, the check itself among it."""
WITHIN_KNOWN = (
    *("IPython.core", "IPython.extensions", "IPython.external", "IPython.lib", "IPython.terminal"),
    *("IPython.testing", "IPython.utils", "importlib.machinery", "importlib.metadata"),
    *("importlib.util", "logging.config", "multiprocessing.managers", "unittest.mock"),
)
"""What does so within modules that are known."""
INSIDE = {
    *("__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__", "__self__"),
    *("__loader__", "__spec__", "_getframe", "f_globals", "f_locals", "tb_frame", "gi_frame"),
    *("__annotations__", "get_type_hints", "array_api_compat", "get_ipython", "_pauses"),
    *("DisableTorchFunction", "DisableTorchFunctionSubclass", "TorchFunctionMode"),
    *("get_testing_overrides", "get_overridable_functions", "f_builtins", "cr_frame"),
    *("ag_frame", "allow_pickle", "walk_stack", "walk_tb", "currentframe", "exc_info"),
    *("__traceback__", "builtins", "FunctionType", "CodeType", "ForkingPickler", "source_to_code"),
}
"""Attributes and arguments that reach the same, or what runs unwatched, however they are named."""
RUNNERS = {
    *("exec_module", "load_module", "run_cell", "run_code", "runstring", "rundocs", "define"),
    *("ast_transformers", "input_transformers_cleanup", "input_transformers_post", "user_ns"),
    *("user_global_ns", "ctypeslib", "f2py", "_VF", "_C", "overrides", "measure", "ex", "ev"),
    *("InteractiveShell", "import_item", "EvalFormatter", "FullEvalFormatter", "get_field"),
    *("EntryPoint", "BaseConfigurator", "fileConfig", "dictConfig", "singledispatch"),
    *("singledispatchmethod", "_evaluate", "read_array", "NpzFile", "recv", "on_generate_code"),
}
"""Attributes that run other text than that of the cells, or code of other languages."""
GIVING = {"sys", "importlib", "import_module", "__import__"}
"""What gives every module, and is no longer seen where it has another name or comes from another
module."""
OF_SYS = {"meta_path", "modules", "path", "path_hooks"}
"""What gives every module, or lets one be found that a cell has written."""
RUNNING = {"eval", "exec", "compile", "__import__", "globals"}
"""Calls that can make any name at run time."""
DICTIONARIES = {"__dict__", "__getattribute__", "__setattr__"}
IN_USE = ("_foreach_", "_calculate_", "_no_grad_")
"""How names of PyTorch's inside begin that are in everyone's use."""
REACHES = "it can reach more than its name says"
NO_PART = "no part of what was imported: some text has put it there, or it is misspelled"
CHANGED = "something imported is changed"
HIDING = {
    *("threading", "_thread", "concurrent", "multiprocessing", "asyncio", "subprocess"),
    *("pickle", "shelve", "runpy", "pkgutil", "pydoc", "code", "codeop", "timeit", "cProfile"),
    *("profile", "trace", "pdb", "bdb", "doctest", "unittest"),
}
"""Modules that run something unwatched, or by a name that isn't read."""
MANY_USE = {"numpy", "torch", "matplotlib", "mpl_toolkits", "scipy", "sklearn", "os"}
"""Packages whose modules are often given other names; what is in PyTorch's is followed."""

RUN_TEXT = {"time", "timeit", "prun", "capture", "config"}
"""Commands of IPython that run what is written after them."""
UNREAD = {
    *("alias_magic", "autocall", "code_wrap", "debug", "ed", "edit", "load", "loadpy", "macro"),
    *("magic", "pdb", "recall", "rep", "rerun", "run"),
}
"""Commands of IPython that run other text."""
STARTS_NOTHING = {"system", "getoutput"}
"""Methods of IPython's that grading lets do nothing."""
EXTENSIONS = {"autoreload", "storemagic"}
TIMERS = {"timeit", "Timer", "default_timer"}
RUN_TEXTS = {"cProfile", "pdb", "profile", "timeit"}
"""Modules whose functions run what is written in a text."""
READ_CALLS = {"run", "timeit", "repeat", "Timer", "set_trace", "testmod"}
READ_CALLS |= {"run_docstring_examples"}
"""What of these, and of doctest, may be called: what it runs is read."""
COMMAND = re.compile(r"^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
"""What may be a command of IPython."""
OPTIONS = re.compile(r"(?:[ \t]*-[A-Za-z]+[ \t]*\d*)*[ \t]*")
"""What stands between such a command and the text that it runs."""
READS = {
    *("abs", "all", "any", "dict", "dir", "enumerate", "float", "help", "int", "isinstance"),
    *("len", "list", "max", "min", "print", "range", "repr", "reversed", "set", "sorted"),
    *("str", "sum", "tuple", "type", "zip"),
}
"""Functions of Python's that change nothing and keep nothing."""
LOOKING = {"get", "items", "keys", "values"}
"""Methods of dictionaries that change nothing."""
LOOKS = {"getattr", "hasattr"}
"""Functions of Python's that look into what they are given."""
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITION = FUNCTION | ast.ClassDef
IMPORT = ast.Import | ast.ImportFrom
BARE = {
    *("ctx", "op", "ops", "id", "attr", "arg", "name", "asname", "module", "level", "kind", "rest"),
    *("type_comment", "conversion", "simple", "is_async"),
}
"""Fields of nodes in which there are no nodes that are looked at."""
MADE_TEXT = ast.JoinedStr | ast.BinOp | ast.Call | ast.Subscript | ast.Attribute | ast.Starred


class Statement:
    """A statement at the top of a cell, with what is looked for in it."""

    def __init__(self, tree, text=""):
        self.tree, self._text = tree, text
        nodes = walk(tree)
        kinds = collections.defaultdict(list)
        for node in nodes:
            kinds[type(node)].append(node)
        calls, attributes = kinds[ast.Call], kinds[ast.Attribute]
        self.names = {n.id for n in kinds[ast.Name]}
        self.attributes = {n.attr for n in attributes}
        self.attributes.update(a for n in kinds[ast.MatchClass] for a in n.kwd_attrs)
        self.inner = {root(n): n.attr for n in attributes if is_private(n.attr)}
        """What it asks for private attributes of, and one of them."""
        self.called = set(map(called, calls))
        has_imports = kinds[ast.Import] or kinds[ast.ImportFrom]
        self.imports = [n for n in nodes if isinstance(n, IMPORT)] if has_imports else []
        self.shared = {name for n in kinds[ast.Global] for name in n.names}
        """Names that functions in it make global ones."""
        at_once = []
        if has_imports or not isinstance(tree, DEFINITION):
            at_once = _run_at_once(tree)
        self.imports_at_once = [
            node for node in (self.imports if self.shared else at_once) if isinstance(node, IMPORT)
        ]
        self.opened = set()
        """Names of what it can set any attribute of."""
        if self.called & {"setattr", "vars"} or self.attributes & DICTIONARIES:
            read = set(map(id, _only_read(kinds)))
            owners = (_opened(n) for n in nodes if id(n) not in read)
            self.opened = {root(owner) for owner in owners if owner}
        are_set = [n for n in attributes + kinds[ast.Subscript] if is_set(n)]
        self.changed = set(map(root, are_set))
        """Names of what it sets attributes or items of."""
        self.changed_within = {root(n) for n in are_set if not isinstance(n.value, ast.Name)}
        """Names of what holds such things."""
        if isinstance(tree, DEFINITION):
            self.binds = {tree.name} | self.shared
        else:
            bound = {name for n in at_once for name in bound_by(n)}
            self.binds = bound | self.shared | self.changed | self.opened
        self.touched, self.handed_on = _touched(kinds)
        """The names of what it may change or hand on, and of what it hands on as it is."""
        self.owned = {n.value.id for n in attributes if isinstance(n.value, ast.Name)}
        self.chains = _chains(kinds)
        """The attributes that it asks for or sets, one after the other, of a name."""
        self.asked, self.trusted = _asked(nodes, kinds)
        """What is only asked about, and which names of Python's show that."""
        self.texts = [text for n in calls for text in texts_run(n)]
        """The texts that it runs as code."""
        self.timed = {
            n.id
            for call in filter(_runs_texts, calls)
            for n in _told(call)
            if isinstance(n, ast.Name)
        }
        """The names of functions, or of texts, that are run to be timed."""
        texts = _texts(kinds[ast.Constant])
        self.examples = [text for text in texts if ">>>" in text]
        self.running = self._running(kinds)
        self.doubtful = self._doubtful(nodes, kinds, texts)

    def _running(self, kinds):
        """The names in it that can make any name at run time."""
        if not self.names & RUNNING:
            return set()
        fine = {id(part.func) for part in self.asked if isinstance(part, ast.Call)}
        fine |= {id(n.func) for n in kinds[ast.Call] if texts_run(n)}
        return {n.id for n in kinds[ast.Name] if n.id in RUNNING and id(n) not in fine}

    def _doubtful(self, nodes, kinds, texts):
        """What in it can change or reach anything, whether or not an answer uses it."""
        calls = kinds[ast.Call]
        # As in getattr(f, "__globals__") and attrgetter("a.__globals__"), but not in a docstring.
        short = [t for t in texts if len(t) <= MAX_WORD and " " not in t]
        words = self.names.union(self.attributes, *(text.split(".") for text in short))
        keywords = {n.arg: n.value for n in kinds[ast.keyword] if n.arg}
        found = dict.fromkeys((words | keywords.keys()) & INSIDE - {"get_ipython"}, REACHES)
        found |= dict.fromkeys(self.attributes & RUNNERS, REACHES)
        trusting = getattr(keywords.get("weights_only"), "value", None)
        if trusting is False or "weights_only" in words:
            found["weights_only"] = REACHES
        loads = [n for n in calls if called(n, any_owner=True) == "load"]
        if any(len(n.args) > 2 or any(k.arg is None for k in n.keywords) for n in loads):
            found["load"] = REACHES
        for node in self.imports:
            given = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                found |= _of_import(given, alias)
        if "sys" in self.names.union(n.attr for n in kinds[ast.Attribute]):
            found |= dict.fromkeys(_of_sys(nodes, self.asked), REACHES)
        elif "sys" in words:
            found["sys"] = REACHES
        if "get_ipython" in words:
            fine = {
                id(n.func.value.func) for n in kinds[ast.Call] if _is_command(n) and _is_read(n)
            }
            fine |= {id(n.func) for n in self.asked if isinstance(n, ast.Call)}
            plain = [n for n in kinds[ast.Name] if n.id == "get_ipython"]
            if "get_ipython" in words - self.names or any(id(n) not in fine for n in plain):
                found["get_ipython"] = REACHES
        functions = {id(n.func) for n in calls}
        for node in kinds[ast.Attribute]:
            module = getattr(node.value, "id", "")
            if module in RUN_TEXTS or module == "doctest":
                plain = node.attr in READ_CALLS and id(node) in functions
                if not plain and (module, node.attr) != ("timeit", "default_timer"):
                    found[f"{module}.{node.attr}"] = REACHES
        for node in calls:
            if called(node, any_owner=True) in GIVING:
                asked_for = [t.split(".")[0] for t in _texts(node.args)]
                if not asked_for or BEHIND.intersection(asked_for):
                    found[called(node, any_owner=True)] = "a name made at run time"
            if _runs_texts(node) and any(isinstance(n, MADE_TEXT) for n in _told(node)):
                found["text made at run time"] = REACHES
        return found

    def only_fills(self, name):
        """Whether it takes nothing from what a name stands for: it makes it, or puts items in."""
        return name in (self.changed | self.binds) and name in self._filled

    @functools.cached_property
    def _filled(self):
        nodes = walk(self.tree)
        owners = [n.value for n in nodes if isinstance(n, ast.Subscript) and is_set(n)]
        owners += [n for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
        fine = set(map(id, owners))
        return names_in(owners) - names_in(n for n in nodes if id(n) not in fine)

    @functools.cached_property
    def is_fixed(self):
        """Whether all that it does is to give a name to what can't be changed, or has a name."""
        gives = isinstance(self.tree, ast.Assign | ast.AnnAssign) and self.tree.value
        try:
            return bool(gives) and not self.changed and _is_fixed(self.tree.value)
        except RecursionError:
            return False

    @functools.cached_property
    def global_names(self):
        """The names in it that are global ones: a function's own variables hide those."""
        try:
            text = self._text or ast.unparse(self.tree)
            return globals_of(symtable.symtable(text, "", "exec"))
        except UNREADABLE:
            return self.names


class Notebook:
    """The statements of a notebook, by the names that they make, change or use.

    Parameters
    ----------
    cells : list of str, in the order in which they ran
    """

    def __init__(self, cells):
        self.made = {}
        """The statements that make what a name stands for once all cells have run."""
        self.ever = {}
        """All statements that have made or changed what a name stood for."""
        self.imports, self.ever_imported = dict(PREPARED), dict(PREPARED)
        self.stars = []
        self.loose = []
        self.doubtful = {}
        """What can change or reach anything wherever it stands, each with the reason."""
        self._values, self._names_kept = {}, {}
        self._modules = set()
        """Names that modules are imported by, but NumPy and those of PyTorch's."""
        self._using, self._calling = {}, {}
        self._made_at, self._starred_at, self._count = {}, 0, 0
        taken = []
        for cell in cells:
            statements = _kept(cell) if len(cell) <= MAX_KEPT else _statements(cell)
            if statements is None:
                self.doubtful["a cell"] = "its text can't be read as Python"
            taken += statements or ()
        if any("doctest" in n for s in taken for n in _imported(s)):
            for statement in tuple(taken):
                taken += _run_texts(map(_examples, statement.examples), self.doubtful)
        if len(taken) > MAX_STATEMENTS:
            self.doubtful, taken = {TOO_LONG: "it isn't read"}, []
        for statement in taken:
            self._take(statement)
        self._look_at_what_runs()
        self._look_at_imports()

    def _look_at_what_runs(self):
        """What runs with the cells can change anything; what is only defined is read where used."""
        waiting, seen = [*self.loose], set()
        while waiting:
            statement = waiting.pop()
            self.doubtful |= dict.fromkeys(statement.running, "a name made at run time")
            for name in statement.called - seen:
                seen.add(name)
                waiting += self.made.get(name, ())
        timed = {name for statement in self.loose for name in statement.timed}
        if any(not isinstance(s.tree, DEFINITION) for n in timed for s in self.ever.get(n, ())):
            self.doubtful["text made at run time"] = REACHES
        trusted = {name for statement in self.loose for name in statement.trusted}
        trusted |= {name for one in self.made.values() for s in one for name in s.trusted}
        for name in trusted & self.ever.keys():
            self.doubtful[name] = "a name of Python's that is made anew"

    def _look_at_imports(self):
        """What holds more than its names say may be handed on, or asked for what is inside it."""
        every = [statement for made in self.ever.values() for statement in made]
        for statement in dict.fromkeys([*every, *self.loose]):
            modules = statement.handed_on & self._modules
            # A function's own variable may have the name of a module.
            for name in modules and modules & statement.global_names:
                self.doubtful[name] = "a module handed on as a value"
            for name in statement.inner.keys() & self.ever_imported.keys():
                self.doubtful[f"{name}.{statement.inner[name]}"] = REACHES
            for name, sets, attributes in statement.chains:
                origin = self.ever_imported.get(name, "")
                why = _followed(origin, sets, attributes) if origin.split(".")[0] in KNOWN else ""
                if why and name in statement.global_names:
                    self.doubtful[".".join([name, *attributes])] = why
            sets = isinstance(statement.tree, DEFINITION) and "setattr" in statement.called
            for name in statement.opened & self.ever_imported.keys() if sets else ():
                self.doubtful[name] = CHANGED

    def _take(self, statement):
        tree = statement.tree
        self._count += 1
        self.doubtful |= statement.doubtful
        for node in statement.imports_at_once:
            self._import(node, tree)
        if isinstance(tree, IMPORT):
            return
        for name in statement.binds:
            self.ever.setdefault(name, []).append(statement)
        for name in statement.touched | statement.owned:
            self._using.setdefault(name, []).append(statement)
        for name in statement.called:
            self._calling.setdefault(name, []).append(statement)
        anew = set()
        if isinstance(tree, DEFINITION):
            anew = {tree.name}
        else:
            self.loose.append(statement)
            targets, value = assigned(tree)
            if targets and not names_in(walk(value)) & targets:
                # A later definition takes the place of an earlier one.
                anew = targets
            # What is set of something is set of all that is the same.
            for name in statement.changed | statement.opened:
                for other in self._same(name, name in statement.changed_within):
                    self.made.setdefault(other, []).append(statement)
                    self.ever.setdefault(other, []).append(statement)
            for name in targets:
                self._values[name] = value
        for name in anew:
            self.made[name] = []
            self._made_at[name] = self._count
            self.imports.pop(name, None)
        for name in statement.binds:
            self.made.setdefault(name, []).append(statement)

    def _same(self, name, held):
        """The other names of what a name stands for; where ``held``, also of what that holds."""
        waiting, found = [name], {name}
        while waiting:
            if len(found) > MAX_NAMES:
                self.doubtful[name] = "one of more names than can be followed"
                break
            for other in self._kept_in(self._values.get(waiting.pop()), held) - found:
                found.add(other)
                waiting.append(other)
        return found - {name}

    def _kept_in(self, value, held):
        """As the function of this name; a long value is looked at once."""
        if (value, held) not in self._names_kept:
            self._names_kept[value, held] = _kept_in(value, held)
        return self._names_kept[value, held]

    def _import(self, node, tree):
        given = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(given)
                if is_torch(given):
                    self._starred_at = self._count
                continue
            name = alias.asname or (alias.name if given else alias.name.split(".")[0])
            origin = f"{given}.{alias.name}" if given else alias.name if alias.asname else name
            if name not in self.ever_imported or is_torch(origin):
                self.ever_imported[name] = origin
            if origin != "numpy" and not is_torch(origin) and (not given or _is_module(origin)):
                self._modules.add(name)
            # What may or may not be imported takes the place of nothing.
            if node is tree or name not in self.imports or is_torch(origin):
                self.imports[name] = origin
            if node is tree:
                self.made.pop(name, None)

    def reached(self, name, stop=()):
        """The statements that an answer is made of: its own and those of what it calls.

        Parameters
        ----------
        name : str, the answer's
        stop : names that aren't followed

        Returns
        -------
        list of Statement, and the set of the names that were followed
        """
        # Names, each with whether anything may be taken from what it stands for.
        waiting, known, found = [(name, True)], {name}, {}
        seen = {*waiting}
        while waiting:
            followed, taken_from = waiting.pop()
            for statement in self.made.get(followed, []):
                # What is put where the answer only puts something, too, is no part of it.
                filled = followed in statement.changed and statement.only_fills(followed)
                if statement in found or (filled and not taken_from):
                    continue
                found[statement] = None
                more = [n for n in statement.names if n in self.made and (n, True) not in seen]
                for used in more and statement.global_names.intersection(more).difference(stop):
                    use = used, not statement.only_fills(used)
                    if use not in seen:
                        seen.add(use)
                        known.add(used)
                        waiting.append(use)
        # What defines nothing can still change what is defined: setattr(LSTM, …).
        for statement in self.loose:
            if "setattr" in statement.called and statement.names & known:
                found[statement] = None
        return list(found), known

    def perhaps(self, found, known):
        """The statements that may have changed what an answer is made of, or once were part of it.

        What was defined before may live on under another name, and what a name stands for may be
        changed by way of what it is handed to.

        Parameters
        ----------
        found, known : what ``reached`` gives

        Returns
        -------
        list of Statement
        """
        loose = [s for s in found if not isinstance(s.tree, DEFINITION)]
        before = [n for s in loose for n in s.names if not (s.is_fixed and n in s.binds)]
        known = known | {s.tree.name for s in found if isinstance(s.tree, DEFINITION)}
        changing, seen = [*filter(self._can_change, known)], {*known}
        done, taken = set(), {}
        while before or changing:
            if before:
                name = before.pop()
                statements = () if name in done else self.ever.get(name, ())
                done.add(name)
            else:
                statements = self._changing(changing.pop())
            for statement in statements:
                if statement in taken:
                    continue
                taken[statement] = None
                used = statement.global_names
                before += [n for n in used if n in self.ever and n not in done]
                more = {n for n in used if self._can_change(n)} | statement.binds
                changing += more - seen
                seen |= more
        return list(taken)

    def _changing(self, name):
        """The statements that may change what a name stands for, or hand it on."""
        made = self.ever.get(name, ())
        own = all(isinstance(s.tree, DEFINITION) and not s.shared for s in made)
        # Functions are handed on by honest code too, to be drawn or compared.
        using = (s for s in self._using.get(name, ()) if not own or name in s.owned)
        found = [s for s in using if name in s.global_names]
        # A function that does so does it where it is called.
        made = {s.tree.name for s in found if isinstance(s.tree, DEFINITION)}
        return found + [s for name in made for s in self._calling.get(name, ())]

    def _can_change(self, name):
        """Whether what a name stands for can be changed without that name's being made anew."""
        return any(not s.is_fixed for s in self.ever.get(name, ()))

    def replaced_by_star(self, names):
        """Whether ``from torch… import *`` stands below what makes one of some names."""
        modules = [sys.modules.get(star) for star in filter(is_torch, self.stars)]
        return any(
            self._made_at.get(name, self._count) < self._starred_at
            and any(module is None or hasattr(module, name) for module in modules)
            for name in names
        )

    def is_plain(self, statement):
        """Whether a statement can use nothing but NumPy, Python's own and functions made here."""
        return not (
            statement.imports
            or statement.names & {*RUNNING, "vars", "locals", "getattr", "import_module"}
            or statement.attributes & {*DICTIONARIES, "import_module", "getattr"}
            or any(map(is_torch, self.stars))
            or any(self._stands_for(name) for name in statement.names)
        )

    def _stands_for(self, name):
        """Whether a name may stand for something else than NumPy or a function made here."""
        if name in self.imports and self.imports[name].split(".")[0] != "numpy":
            return True
        return not all(isinstance(s.tree, DEFINITION) for s in self.made.get(name, ()))


@functools.lru_cache(maxsize=KEPT_CELLS)
def _is_module(name):
    """Whether a dotted name is that of a module of Python's own, and not of what is in one."""
    place = Path(sysconfig.get_path("stdlib"), *name.split("."))
    return name.split(".")[0] in KNOWN and (place.is_dir() or place.with_suffix(".py").is_file())


@functools.lru_cache(maxsize=KEPT_CHAINS)
def _followed(origin, is_set, attributes):
    """What is doubtful about attributes of something imported, as it really is; empty if nothing.

    Parameters
    ----------
    origin : str, what was imported, a dotted name that begins with a known module
    is_set : bool, whether the last of the attributes is set, and not asked for
    attributes : tuple of str
    """
    home = origin.split(".")[0]
    value, names = None, [*origin.split("."), *attributes]
    for place, name in enumerate(names):
        owner, value = value, _attribute(value, name) if place else _imported_module(name)
        if value is None or name.startswith("__"):
            # What a module doesn't have, some text has hung on it.
            within = place >= len(names) - len(attributes) and not name.startswith("__")
            return NO_PART if within and owner is not None else ""
        if isinstance(value, types.ModuleType):
            first = value.__name__.split(".")[0]
            if first != home and first in BEHIND | GIVING | HIDING:
                return REACHES
        elif not isinstance(value, type) and place < len(names) - 1:
            return ""
    if is_set:
        return CHANGED if callable(value) else ""
    handed_on = isinstance(value, types.ModuleType) and home not in MANY_USE and attributes
    return "a module handed on as a value" if handed_on else ""


def _imported_module(name):
    """A module of a name; None where it isn't there, or is not to be loaded for this."""
    if name in sys.modules:
        return sys.modules[name]
    with contextlib.suppress(Exception):
        if name.split(".")[0] in sys.stdlib_module_names:
            return importlib.import_module(name)
    return None


def _attribute(owner, name):
    """What a module or class has by a name, a module that isn't loaded yet among it; or None."""
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        value = getattr(owner, name)
        # What is there and is None can't be looked into, as little as a number.
        return 0 if value is None else value
    if isinstance(owner, types.ModuleType) and hasattr(owner, "__path__"):
        whole = f"{owner.__name__}.{name}"
        with contextlib.suppress(Exception):
            found = importlib.machinery.PathFinder.find_spec(whole, owner.__path__)
            return found and (_imported_module(whole) or 0)
    return None


def is_torch(name):
    """Whether a dotted name is one of PyTorch's."""
    return name.split(".")[0] == "torch"


def is_too_long(cells):
    """Whether cells, by their texts, are longer than anyone writes, or would take that long."""
    return sum(map(len, cells)) > MAX_TEXT or sum(map(_transformed, cells)) > MAX_TRANSFORMED


def _transformed(cell):
    """How much of a cell IPython reads, again and again, to make Python of it."""
    return len(COMMAND.findall(cell)) * len(cell)


def parsed(cell):
    """A cell's syntax tree and the text that it is of.

    Errors
    ------
    SyntaxError where it runs neither in Python nor in IPython; others of UNREADABLE where that
    can't be told.
    """
    try:
        return (_last_trees if len(cell) <= MAX_KEPT else _tree)(cell), cell
    except SyntaxError:
        text = _as_python(cell)
        return _tree(text), text


def _tree(text):
    tree = ast.parse(text)
    if len(tree.body) > MAX_STATEMENTS:
        raise ValueError("more statements than anyone writes")
    return tree


_last_trees = functools.lru_cache(maxsize=LAST_CELLS)(_tree)


def texts_of(tree, text):
    """The lines of each statement of a tree; Python's own for one that shares a line."""
    lines = re.split(r"\r\n|\r|\n", text)
    firsts = [
        min(part.lineno for part in (node, *getattr(node, "decorator_list", ())))
        for node in tree.body
    ]
    for k, (node, first) in enumerate(zip(tree.body, firsts, strict=True)):
        shared = k > 0 and tree.body[k - 1].end_lineno == first
        shared = shared or node.end_lineno in firsts[k + 1 : k + 2]
        if shared:
            yield _unparsed(node)
        else:
            yield "\n".join(lines[first - 1 : node.end_lineno])


def _unparsed(node):
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""


def _as_python(cell):
    """What IPython makes of a cell: its own commands become calls."""
    from IPython.core.inputtransformer2 import TransformerManager

    if _transformed(cell) > MAX_TRANSFORMED:
        raise ValueError("more commands than anyone writes")
    words = cell.split(maxsplit=1)
    if words and len(cell.splitlines()) == 1 and words[0] in RUN_TEXT | UNREAD:
        cell = "%" + cell.lstrip()
    return TransformerManager().transform_cell(cell)


def _statements(cell):
    """The statements of a cell; none where it can't run, and None where it can't be read."""
    try:
        tree, text = parsed(cell)
    except SyntaxError:
        return ()
    except UNREADABLE:
        return None
    found, unread = [], {}
    for statement in map(Statement, tree.body, texts_of(tree, text)):
        found.append(statement)
        found += _run_texts(statement.texts, unread)
        statement.doubtful |= unread
    return tuple(found)


_kept = functools.lru_cache(maxsize=KEPT_CELLS)(_statements)


def _run_texts(texts, doubtful, depth=0):
    """Texts that are run as code, each as a statement that makes nothing anew."""
    for text in texts:
        try:
            if depth == MAX_DEPTH:
                raise ValueError("texts within texts deeper than anyone writes")
            tree, _ = parsed(text)
        except UNREADABLE:
            doubtful["text run as code"] = REACHES
        else:
            statement = Statement(ast.If(ast.Constant(True), tree.body or [ast.Pass()], []))
            yield statement
            yield from _run_texts(statement.texts, doubtful, depth + 1)


def _examples(text):
    """The code of the examples in a docstring."""
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line[4:] for line in lines if line.startswith((">>>", "...")))


def globals_of(table):
    """The global names in a symbol table and in those of the functions and classes within it."""
    at_top = table.get_type() == "module"
    own = {s.get_name() for s in table.get_symbols() if at_top or s.is_global()}
    return own.union(*map(globals_of, table.get_children()))


def walk(tree):
    """All nodes of a tree but contexts and operators, as ``ast.walk`` gives them, but sooner."""
    return walk_fields([tree], lambda node: node._fields)


def _run_at_once(tree):
    """The nodes of a statement that run with it: the bodies of functions run when called."""

    def fields(node):
        if isinstance(node, FUNCTION | ast.Lambda):
            return [field for field in node._fields if field != "body"]
        return node._fields

    return walk_fields([tree], fields)


def walk_fields(found, fields):
    """Some nodes, and below each those in its fields that a function of it gives."""
    for node in found:
        for field in fields(node):
            if field in BARE:
                continue
            value = getattr(node, field, None)
            if isinstance(value, list):
                found += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


def bound_by(node):
    """The names that a node by itself makes."""
    if isinstance(node, ast.Name):
        return [node.id] if not isinstance(node.ctx, ast.Load) else []
    if isinstance(node, DEFINITION | ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    return []


def assigned(tree):
    """The names that a statement only gives to one value, and the value; none otherwise."""
    targets = getattr(tree, "targets", [getattr(tree, "target", None)])
    gives = isinstance(tree, ast.Assign | ast.AnnAssign) and tree.value
    if gives and all(isinstance(target, ast.Name) for target in targets):
        return {target.id for target in targets}, tree.value
    return set(), None


def names_in(nodes):
    """The plain names among nodes."""
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def called(node, any_owner=False):
    """The plain name that a call is made by; with ``any_owner``, also as an attribute's."""
    if any_owner and isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def root(node):
    """The name that a chain of attributes and items begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return getattr(node, "id", "")


def texts_run(node):
    """The texts that a node runs as code, as far as they stand in it."""
    if not isinstance(node, ast.Call):
        return []
    if called(node) in ("eval", "exec", "compile"):
        return [text.strip() for text in _texts(node.args[:1])]
    if _runs_texts(node):
        return _texts([*node.args, *(keyword.value for keyword in node.keywords)])
    if _is_command(node) and _is_read(node):
        name, *texts = _texts(node.args)
        if name in RUN_TEXT:
            return [OPTIONS.sub("", text, count=1) for text in texts]
    return []


def _runs_texts(node):
    """Whether a node calls a function that runs the texts that it is given."""
    if not isinstance(node, ast.Call):
        return False
    return called(node) in TIMERS or getattr(getattr(node.func, "value", 0), "id", 0) in RUN_TEXTS


def _is_command(node):
    """Whether a node calls a method of IPython's by ``get_ipython()`` itself."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value
    return isinstance(owner, ast.Call) and called(owner) == "get_ipython"


def _is_read(node):
    """Whether all that a command of IPython's can run stands in it, or it runs nothing."""
    if node.func.attr in STARTS_NOTHING:
        return True
    texts = _texts(node.args)
    whole = 0 < len(texts) == len(node.args) and not node.keywords
    if node.func.attr not in ("run_line_magic", "run_cell_magic") or not whole:
        return False
    name, line = [*texts, "", ""][:2]
    if name in ("load_ext", "reload_ext"):
        return line.split(".")[0].strip() in KNOWN | EXTENSIONS
    # IPython evaluates what stands in braces.
    return name in RUN_TEXT or (name not in UNREAD and "{" not in line)


def _told(call):
    """What a call gives to be run: texts, or functions."""
    named = [k.value for k in call.keywords if k.arg in ("stmt", "setup", "statement")]
    return call.args[:2] + named


def _texts(nodes):
    """The texts among nodes."""
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def _asked(nodes, kinds):
    """What is only asked about and not used, and the names of Python's that this rests on."""
    asked, trusted = set(), set()
    for node in kinds[ast.Compare] + kinds[ast.Call]:
        if isinstance(node, ast.Compare):
            if all(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
                asked.update(n for n in node.comparators if _gives_names(n))
        else:
            name = called(node)
            owner = getattr(getattr(node.func, "value", None), "id", "")
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name == "isinstance":
                plain = ast.Name | ast.Attribute | ast.Tuple | ast.BinOp
                some = [n for n in parts[1:] if all(isinstance(p, plain) for p in walk(n))]
            elif name == "str":
                some = [n for n in parts if _is_call(n, "get_ipython")]
            elif owner in ("doctest", "timeit"):
                name, some = owner, [n for n in parts if _is_call(n, "globals")]
            else:
                continue
            if some:
                trusted.add(name)
                asked.update(some)
    if trusted:
        made = {name for n in nodes for name in bound_by(n)}
        if trusted & made.union(n.arg for n in kinds[ast.arg]):
            return frozenset(), frozenset()
    return asked, trusted


def _is_call(node, name):
    return isinstance(node, ast.Call) and called(node) == name


def _gives_names(node):
    """Whether a node is a dictionary of names that is only to be asked which it has."""
    modules = isinstance(node, ast.Attribute) and node.attr == "modules" and root(node) == "sys"
    return modules or (_is_call(node, "globals") and not node.args)


def _only_read(kinds, owners=()):
    """The nodes that are looked into where they stand, and neither kept nor handed on."""
    read = [n.iter for n in kinds[ast.For] + kinds[ast.comprehension]]
    for node in kinds[ast.Subscript]:
        read += [node.slice] if is_set(node) or id(node) in owners else [node.slice, node.value]
    for node in kinds[ast.BinOp]:
        read += [node.left, node.right]
    for node in kinds[ast.Compare]:
        read += [node.left, *node.comparators]
    for node in kinds[ast.Call]:
        read += [node.func, *(node.args if called(node) in READS else ())]
    read += [n.value for n in kinds[ast.Attribute] if n.attr in LOOKING]
    return read


def _chains(kinds):
    """What a statement asks of plain names, or sets: of each the name, whether set, attributes."""
    inner = {id(n.value) for n in kinds[ast.Attribute]}
    found = set()
    for node in kinds[ast.Attribute]:
        if id(node) not in inner:
            sets, chain = is_set(node), []
            while isinstance(node, ast.Attribute):
                chain.append(node.attr)
                node = node.value
            if isinstance(node, ast.Name):
                found.add((node.id, sets, tuple(reversed(chain))))
    for node in kinds[ast.Call]:
        if called(node) in LOOKS and len(node.args) > 1 and isinstance(node.args[0], ast.Name):
            found.update((node.args[0].id, False, (text,)) for text in _texts(node.args[1:2]))
    return found


def _touched(kinds):
    """The names of what a statement may change or hand on; not of what it calls or reads from.

    Then those of what it hands on as it is.
    """
    owned = {id(n.value) for n in kinds[ast.Attribute]}
    owners = owned.union(id(n.value) for n in kinds[ast.Subscript] if is_set(n))
    only_read = set(map(id, _only_read(kinds, owners))) - owners
    names = [n for n in kinds[ast.Name] if isinstance(n.ctx, ast.Load) and id(n) not in only_read]
    asked = {id(n.args[0]) for n in kinds[ast.Call] if called(n) in LOOKS and _texts(n.args[1:2])}
    handed_on = {n.id for n in names if id(n) not in owned and id(n) not in asked}
    return {n.id for n in names}, handed_on


def is_private(name):
    """Whether a name is of a library's inside."""
    return name.startswith("_") and not name.endswith("__") and not name.startswith(IN_USE)


def is_set(node):
    """Whether a node is an attribute or item that is set."""
    return isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)


def _kept_in(value, held):
    """The names of what a value is; where ``held``, also of what it holds."""
    parts = [value]
    for part in parts:
        if isinstance(part, ast.Attribute | ast.Subscript):
            parts.append(part.value)
        elif held and isinstance(part, ast.Tuple | ast.List | ast.Set):
            parts += part.elts
        elif held and isinstance(part, ast.Dict):
            parts += part.values
    return names_in(parts)


def _is_fixed(value):
    """Whether a value can't be changed, or is only another name for something."""
    if isinstance(value, ast.IfExp):
        return _is_fixed(value.body) and _is_fixed(value.orelse)
    if isinstance(value, ast.Tuple):
        return all(map(_is_fixed, value.elts))
    if isinstance(value, ast.Call):
        # Nothing can be hung on a device or a generator of numbers.
        return getattr(value.func, "attr", "") in ("device", "default_rng")
    fixed = ast.Constant | ast.Lambda | ast.Name | ast.Attribute | ast.UnaryOp | ast.JoinedStr
    return isinstance(value, fixed)


def _opened(node):
    """What a node can set any attribute of, or None."""
    if isinstance(node, ast.Attribute) and node.attr in DICTIONARIES:
        return node.value
    if isinstance(node, ast.Call) and called(node) in ("setattr", "vars") and node.args:
        return node.args[0]
    return None


def _imported(statement):
    """The modules that a statement imports, or imports from."""
    for node in statement.imports:
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        else:
            yield from (alias.name for alias in node.names)


def _of_import(given, alias):
    """What is doubtful about a name that is imported."""
    name = f"{given}.{alias.name}" if given else alias.name
    first, *parts = name.split(".")
    hides = alias.name in GIVING and (alias.asname or given not in ("", "importlib"))
    hides = hides or (alias.name == "get_ipython" and alias.asname)
    if first in RUN_TEXTS and name not in ("timeit.default_timer", "pdb.set_trace"):
        hides = hides or alias.asname or (given and alias.name not in TIMERS)
    inner = (INSIDE | RUNNERS) - {"get_ipython"}
    if hides or name in ("sys.modules", "sys.*") or first in BEHIND or inner.intersection(parts):
        return {name: REACHES}
    if any(f"{name}.".startswith(f"{place}.") for place in WITHIN_KNOWN):
        return {name: REACHES}
    if first not in KNOWN:
        return {name: "a module whose text isn't in the notebook"}
    return {}


def _of_sys(nodes, asked):
    """What is used of ``sys`` that gives every module, or any: itself as a value among it."""
    found = set()
    owned = {id(n.value): n for n in nodes if isinstance(n, ast.Attribute)}
    for node in nodes:
        if "sys" in (getattr(node, "id", ""), getattr(node, "attr", "")):
            owner = owned.get(id(node))
            used = owner.attr if owner else ""
            if used in ("", *OF_SYS) and owner not in asked:
                found.add(f"sys.{used}".rstrip("."))
    return found
