"""Sphinx extension of the book: pages are executed several at a time, while Sphinx reads others.

MyST-NB executes a page when it comes to read it, one after the other. This puts what is new or
changed in its code into MyST-NB's cache before: all pages of a build are being executed from the
start, as many at a time as there are cores, and each is waited for when its turn comes to be read.
A page whose code fails is not cached; MyST-NB then executes it again and says what is wrong.
"""

import atexit
import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from kernels import use_forked_kernels
from myst_nb.core.read import create_nb_reader
from sphinx.util import logging

logger = logging.getLogger(__name__)
# Each takes memory, and in a container there may be fewer cores than one sees.
MOST_AT_ONCE = 8


def notebook_of(env, path):
    """Return the notebook that a page is, without outputs, or None if it is plain text.

    Parameters
    ----------
    env : Sphinx's environment
    path : str
    """
    # Released notebooks, which are no Markdown, are shown as they are.
    text = Path(path).read_text("utf-8") if path.endswith(".md") else ""
    reader = text and create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    return reader.read(text) if reader else None


def is_cached(cache, notebook):
    """Tell whether the results of a notebook are in the cache."""
    try:
        return bool(cache.match_cache_notebook(notebook))
    except KeyError:
        return False


class Executions:
    """The pages that are being executed in this build."""

    def __init__(self):
        self.results = {}  # Future by name of the page

    def begin(self, app, env, docnames):
        """Begin to execute the pages that are about to be read and aren't cached."""
        self.cache = get_cache(env.mystnb_config.execution_cache_path)
        waiting = []
        for docname in docnames:
            path = env.doc2path(docname)
            notebook = notebook_of(env, path)
            if notebook and not is_cached(self.cache, notebook):
                self.results[docname] = Future()
                waiting.append((self.results[docname], notebook, path))
        timeout = env.mystnb_config.execution_timeout
        shared = iter(waiting)
        for _ in range(min(os.cpu_count(), MOST_AT_ONCE, len(waiting))):
            threading.Thread(target=self.execute, args=(shared, timeout), daemon=True).start()

    @staticmethod
    def execute(waiting, timeout):
        """Execute one page after the other.

        Parameters
        ----------
        waiting : iterator over (Future, notebook, path), which other threads use too
        timeout : int, seconds for one cell
        """
        for future, notebook, path in waiting:
            try:
                folder = str(Path(path).parent)
                # What a cell prints is one block, in however many pieces it arrives.
                result = single_nb_execution(
                    notebook, folder, timeout, allow_errors=False, coalesce_streams=True
                )
                future.set_result(result)
            except Exception as error:
                future.set_exception(error)

    def await_page(self, app, docname, source):
        """Wait for the results of a page that is about to be read, and put them into the cache."""
        future = self.results.pop(docname, None)
        if future is None or future.exception() or future.result().err:
            return
        result = future.result()
        data = {"execution_seconds": result.time}
        bundle = CacheBundleIn(result.nb, app.env.doc2path(docname), data=data)
        self.cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        logger.info(f"executed in {result.time:.1f} s", location=docname)

    def leave(self):
        """End a build that was stopped: else it would wait for ever for what is being executed."""
        if self.results:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)


def setup(app):
    use_forked_kernels()
    executions = Executions()
    app.connect("env-before-read-docs", executions.begin)
    app.connect("source-read", executions.await_page)
    atexit.register(executions.leave)
    # Pages are awaited by the one process that reads them all.
    return {"parallel_read_safe": False, "parallel_write_safe": True}
