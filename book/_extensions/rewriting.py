"""Sphinx extension of the book: a page is written anew if it, or what it shows of others, changed.

Sphinx writes a page when its own text has changed. But each page also has the titles of all pages
beside it, and in its text the names of places and papers that other pages define. If any of these
changes, all pages are written; else only the one that was edited.
"""

import hashlib
from pathlib import Path

from sphinx.util.index_entries import split_index_msg


def shown_elsewhere(env):
    """Return a digest (str) of all that pages show of other pages: titles, labels, terms, papers.

    Parameters
    ----------
    env : Sphinx's environment, in which all pages have been read
    """
    standard, papers = env.domaindata["std"], env.domaindata["cite"]
    shown = [(page, str(title)) for page, title in env.titles.items()]
    shown += env.toctree_includes.items()
    for kind in ("objects", "labels", "anonlabels", "terms"):
        shown += standard[kind].items()
    for page, metadata in env.metadata.items():
        # Headings, which can be linked to; the first that is known of each is its line.
        shown += [(page, slug, *of[1:]) for slug, of in metadata.get("myst_slugs", {}).items()]
    shown += [(paper.key, paper.formatted_entry.label) for paper in papers["citations"]]
    shown += papers["citation_refs"]
    return hashlib.sha256("".join(sorted(map(repr, shown))).encode()).hexdigest()


def note_of_shown(app):
    """Return the file (Path) that keeps what ``shown_elsewhere`` was when pages were written."""
    return Path(app.outdir) / ".shown_elsewhere"


def rewrite_all(app, env):
    """Return all pages, to be written, if what they show of each other has changed."""
    note, app.course_shown = note_of_shown(app), shown_elsewhere(env)
    return env.found_docs if not note.exists() or note.read_text() != app.course_shown else []


def note_shown(app, exception):
    """Remember what pages show of each other, now that none shows anything else."""
    if not exception:
        note_of_shown(app).write_text(app.course_shown)


def keep_index_entries(app, env):
    """Tell the search of all pages' entries in the index; Sphinx knows those of written pages."""
    for page, entries in env.domaindata["index"]["entries"].items():
        env._search_index_index_entries[page] = [
            (words, anchor or "", main)
            for kind, text, anchor, main, _ in entries
            for words in split_index_msg(kind, text)
        ]


def setup(app):
    app.connect("env-updated", rewrite_all, priority=900)  # when papers have got their labels
    app.connect("env-updated", keep_index_entries)
    app.connect("build-finished", note_shown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
