"""Sphinx extension of the book: no other host, light pages, and a cache that knows our code."""

import hashlib
import importlib
import logging
import os
import re
import shutil
from pathlib import Path

import tinycss2
from fontTools import subset
from jupyter_client.manager import KernelManager

logging.getLogger("fontTools").setLevel(logging.WARNING)
ROOT = Path(__file__).resolve().parents[2]
# What the pages' results depend on beside their own text, and what their looks depend on.
CODE = (
    *("autograder/reference", "book/drawing", "experiments", "requirements.lock"),
    *("tests/attacks/corpus.py", "tests/attacks/outcomes.json"),
)
LOOKS = ("_toc.yml", "book/_extensions", "book/_static")
MATHJAX_PARTS = (
    "startup.js",
    "core.js",
    "input/tex-base.js",
    "input/tex/extensions/ams.js",
    "input/tex/extensions/html.js",
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
)


def digest(sources):
    """Return a short digest (str) of files and of all files in folders, given below ROOT."""
    result = hashlib.sha256()
    for source in sources:
        path = ROOT / source
        for file in sorted(path.rglob("*.*")) if path.is_dir() else [path]:
            if file.suffix != ".pyc":
                result.update(file.relative_to(ROOT).as_posix().encode())
                result.update(file.read_bytes())
    return result.hexdigest()[:12]


def configure(app, config):
    """Let pages import this checkout, and keep their results only while its code stays the same."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    # Two threads or one: floating-point sums, and so the printed figures, must not depend on it.
    os.environ["OMP_NUM_THREADS"] = "1"
    # Else each kernel warns that what it says to us, on this machine alone, could be overheard.
    KernelManager.transport_encryption.default_value = "auto"
    caches = Path(app.outdir).parent / ".jupyter_cache"
    current = caches / digest(CODE)
    for cache in caches.glob("*"):
        if cache != current:
            shutil.rmtree(cache)
    config.nb_execution_cache_path = str(current)
    config.course_looks = digest(LOOKS)


def lightened(static):
    """Return the files below ``static`` (Path) that ``lighten_theme`` rewrites (list of Path)."""
    return [*static.glob("*.css"), *static.glob("styles/*.css"), static / "scripts/fontawesome.js"]


def prepare_static(app, builder):
    """Make way for the theme's own files, and put the parts of MathJax that we use beside them."""
    for file in lightened(Path(app.outdir) / "_static"):
        file.unlink(missing_ok=True)
    package = Path(importlib.import_module("sphinx-mathjax-offline").__file__).parent
    for part in MATHJAX_PARTS:
        source = package / "static" / "mathjax" / part
        target = Path(app.outdir) / "_static" / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def unused(selector, words):
    """Tell whether a CSS selector (str) names a class that is not among ``words`` (set of str)."""
    # What stands in :not(…) or :is(…) need not be there for the rule to apply.
    selector = re.sub(r"\([^)]*\)", "", selector)
    return not words.issuperset(re.findall(r"\.(-?[A-Za-z_][\w-]*)", selector))


def prune(rules, words):
    """Return the CSS of ``rules`` (tinycss2 nodes) without what no class in ``words`` can match."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            # A comma in brackets is not between selectors.
            selectors = re.split(r",(?![^(]*\))", tinycss2.serialize(rule.prelude))
            used = ",".join(selector for selector in selectors if not unused(selector, words))
            if used:
                kept.append(f"{used}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            body = prune(inner, words)
            if body:
                prelude = tinycss2.serialize(rule.prelude)
                kept.append(f"@{rule.at_keyword}{prelude}{{{body}}}")
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def remove_strays(app, exception):
    """Delete what is left of pages that are no longer in the book."""
    if exception or app.builder.format != "html":
        return
    for folder in ("book", "exercises"):
        for page in Path(app.outdir, folder).rglob("*.html"):
            if page.relative_to(app.outdir).with_suffix("").as_posix() not in app.env.found_docs:
                page.unlink()


def lighten_theme(app, exception):
    """Take out of the theme what no page uses.

    That is above all the 1.5 MB script that draws icons: they come from the theme's web font
    alone, cut down to the glyphs that pages show. Style sheets lose the rules for classes that
    occur in no page and no script.
    """
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    *stylesheets, icon_script = lightened(static)
    icon_script.write_text("// The icons come from the web font.\n")

    words = set()
    scripts = [*static.glob("*.js"), *static.glob("scripts/*.js")]
    for file in [*Path(app.outdir).rglob("*.html"), *scripts]:
        words.update(re.findall(r"[\w-]+", file.read_text("utf-8")))

    glyphs = set()
    for file in stylesheets:
        rules = tinycss2.parse_stylesheet_bytes(
            file.read_bytes(), skip_comments=True, skip_whitespace=True
        )[0]
        css = prune(rules, words)
        css = css.replace('.woff2) format("woff2")', '.woff) format("woff")')
        file.write_text(css, "utf-8")
        glyphs.update(map(ord, re.findall("[\ue000-\uf8ff]", css)))  # where icon fonts put icons

    for ttf in (static / "vendor" / "fontawesome" / "webfonts").glob("*.ttf"):
        options = subset.Options(flavor="woff")
        font = subset.load_font(ttf, options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=glyphs)
        subsetter.subset(font)
        subset.save_font(font, ttf.with_suffix(".woff"), options)


def setup(app):
    # Its change makes Sphinx write all pages, and copy all static files, anew.
    app.add_config_value("course_looks", "", "html")
    app.connect("config-inited", configure)
    app.connect("write-started", prepare_static)
    app.connect("build-finished", remove_strays)
    # After all other work on the finished build, which copies the theme's own files.
    app.connect("build-finished", lighten_theme, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
