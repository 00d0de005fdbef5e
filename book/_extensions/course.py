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

logging.getLogger("fontTools").setLevel(logging.WARNING)
ROOT = Path(__file__).resolve().parents[2]
# What the pages' results depend on beside their own text.
SOURCES = ("autograder/reference", "book/drawing", "requirements.lock")
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


def source_digest():
    """Return a short digest of the code that pages import (str)."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            digest.update(file.relative_to(ROOT).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def prepare_execution(app, config):
    """Let pages import this checkout, and keep their results only while its code stays the same."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    # Two threads or one: floating-point sums, and so the printed figures, must not depend on it.
    os.environ["OMP_NUM_THREADS"] = "1"
    caches = Path(app.outdir).parent / ".jupyter_cache"
    current = caches / source_digest()
    for cache in caches.glob("*"):
        if cache != current:
            shutil.rmtree(cache)
    config.nb_execution_cache_path = str(current)


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
    # What stands in :not(…) need not be there for the rule to apply.
    selector = re.sub(r":not\([^)]*\)", "", selector)
    return not words.issuperset(re.findall(r"\.(-?[A-Za-z_][\w-]*)", selector))


def prune(rules, words):
    """Return the CSS of ``rules`` (tinycss2 nodes) without what no class in ``words`` can match."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = tinycss2.serialize(rule.prelude).split(",")
            # A comma inside brackets is not between selectors; such a rule is kept or not whole.
            whole = any("(" in selector for selector in selectors)
            used = [s for s in selectors if not unused(s, words)]
            if (whole and len(used) == len(selectors)) or (not whole and used):
                kept.append(",".join(used) + "{" + tinycss2.serialize(rule.content) + "}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            body = prune(inner, words)
            if body:
                prelude = tinycss2.serialize(rule.prelude)
                kept.append(f"@{rule.at_keyword}{prelude}{{{body}}}")
        else:
            kept.append(rule.serialize())
    return "".join(kept)


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
    for file in [
        *Path(app.outdir).rglob("*.html"),
        *static.glob("*.js"),
        *static.glob("scripts/*"),
    ]:
        if file.suffix != ".map":
            words.update(re.findall(r"[\w-]+", file.read_text("utf-8")))

    glyphs = set()
    for file in stylesheets:
        rules = tinycss2.parse_stylesheet_bytes(
            file.read_bytes(), skip_comments=True, skip_whitespace=True
        )[0]
        css = prune(rules, words)
        css = re.sub(
            r'url\(([^()]*)\.woff2\) format\("woff2"\)', r'url(\1.woff) format("woff")', css
        )
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
    app.connect("config-inited", prepare_execution)
    app.connect("write-started", prepare_static)
    # After all other work on the finished build, which copies the theme's own files.
    app.connect("build-finished", lighten_theme, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
