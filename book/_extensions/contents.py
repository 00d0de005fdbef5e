"""Sphinx extension of the book: exercises to download, terms in the index, labels of papers."""

import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import pybtex.plugin
from docutils import nodes
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinxcontrib.bibtex.style.referencing import PersonStyle

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "book" / "glossary.md"
EXERCISES = "exercises/"
LONG_AGO = (1980, 1, 1, 0, 0, 0)

HOW_TO = """\
<p><a class="sd-btn sd-btn-primary" href="../../_static/download/{name}.zip" download>\
Download the exercises ({name}.zip)</a></p>

This page shows the notebook of the exercises as it is handed out. To solve them, download the
folder and unpack it, then open `{name}.ipynb` in Jupyter. [Set-up](../../book/set-up.md) says what
you need for that. The folder holds all that the checks ask for, and they need no network."""


def explain_download(app, docname, source):
    """Say at the top of a released notebook's page how to get it; the notebook itself stays."""
    if not docname.startswith(EXERCISES):
        return
    notebook = json.loads(source[0])
    first = notebook["cells"][0]
    title, _, rest = "".join(first["source"]).partition("\n")
    how_to = HOW_TO.format(name=docname.split("/")[1])
    first["source"] = f"# Exercises: {title.lstrip('# ')}\n\n{how_to}\n\n{rest}"
    source[0] = json.dumps(notebook)


def pack(folder, target):
    """Write a folder as a zip, with the folder's name at its top; the same files, the same bytes.

    Parameters
    ----------
    folder : Path
    target : Path
    """
    files = [file for file in folder.rglob("*") if file.is_file()]
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files):
            name = file.relative_to(folder.parent)
            if "__pycache__" not in name.parts and not any(p.startswith(".") for p in name.parts):
                entry = zipfile.ZipInfo(name.as_posix(), LONG_AGO)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def pack_exercises(app, exception):
    """Put the folder of each assignment that has a page in the book where it can be downloaded."""
    if exception or app.builder.format != "html":
        return
    for docname in app.env.found_docs:
        if docname.startswith(EXERCISES):
            folder = (ROOT / docname).parent
            pack(folder, Path(app.outdir) / "_static" / "download" / f"{folder.name}.zip")


def glossary_terms():
    """Return the terms that the glossary explains (list of str)."""
    inside = GLOSSARY.read_text("utf-8").partition(":::{glossary}\n")[2].partition("\n:::")[0]
    return re.findall(r"^\S.*$", inside, re.MULTILINE)


class IndexTerms(SphinxTransform):
    """A term of the glossary that stands in bold is being explained there: it goes in the index."""

    default_priority = 800  # before Sphinx collects the entries of a page

    def apply(self):
        terms = {term.lower(): term for term in self.config.course_terms}
        for bold in list(self.document.findall(nodes.strong)):
            said = bold.astext().lower()
            term = terms.pop(said, None) or terms.pop(said.removesuffix("s"), None)
            if term:
                anchor = f"index-{nodes.make_id(term)}"
                bold["ids"].append(anchor)
                entry = addnodes.index(entries=[("single", term, anchor, "", None)])
                bold.parent.insert(bold.parent.index(bold), entry)


class IndexExercises(SphinxTransform):
    """On the page of a released notebook a heading that is a name in code is an exercise."""

    default_priority = 800

    def apply(self):
        if not self.env.docname.startswith(EXERCISES):
            return
        for section in self.document.findall(nodes.section):
            name = section[0].next_node(nodes.literal)
            if name is not None:
                said = f"{name.astext()} (exercise)"
                entry = addnodes.index(entries=[("single", said, section["ids"][0], "", None)])
                section.insert(1, entry)


class KeepTogether(SphinxPostTransform):
    """A formula in the text takes its brackets and punctuation with it to the next line."""

    default_priority = 400

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            place = formula.parent.index(formula)
            before, after = formula.parent[:place][-1:], formula.parent[place + 1 :][:1]
            group = nodes.inline(classes=["together"])
            opening = closing = ""
            if before and isinstance(before[0], nodes.Text):
                opening = re.search(r"[(\[“]*$", before[0]).group()
            if after and isinstance(after[0], nodes.Text):
                closing = re.match(r"[-–.,:;!?)\]’”%]*", after[0]).group()
            if not opening and not closing:
                continue
            parent = formula.parent
            parent.replace(formula, group)
            group += [nodes.Text(opening), formula, nodes.Text(closing)]
            if opening:
                parent.replace(before[0], nodes.Text(before[0].removesuffix(opening)))
            if closing:
                parent.replace(after[0], nodes.Text(after[0].removeprefix(closing)))


class AuthorYearLabels(BaseLabelStyle):
    """Labels of papers that read as their citations in the text do: authors and year."""

    person = PersonStyle()  # how names are written; sphinxcontrib.bibtex asks a style for it

    def format_labels(self, entries):
        """Yield the label (str) of each entry; a letter tells two of the same apart."""
        names = self.person.names("author", full=False)
        given = Counter()
        for entry in entries:
            label = f"{names.format_data({'entry': entry, 'style': self})}, {entry.fields['year']}"
            given[label] += 1
            yield label + ("" if given[label] == 1 else chr(ord("a") + given[label] - 1))


class AuthorYear(Style):
    """pybtex's plain style with labels of authors and year."""

    default_label_style = AuthorYearLabels


def configure(app, config):
    """Read the glossary's terms; a change of what is put into pages makes them be read anew."""
    config.course_terms = glossary_terms()
    config.course_how_to = HOW_TO


def setup(app):
    pybtex.plugin.register_plugin("pybtex.style.formatting", "author_year", AuthorYear)
    app.add_config_value("course_terms", [], "env")
    app.add_config_value("course_how_to", "", "env")
    app.add_transform(IndexTerms)
    app.add_transform(IndexExercises)
    app.add_post_transform(KeepTogether)
    app.connect("config-inited", configure)
    app.connect("source-read", explain_download)
    app.connect("build-finished", pack_exercises)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
