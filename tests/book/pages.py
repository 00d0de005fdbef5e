"""Which pages the built book has."""


def page_paths(html):
    """Return the paths of all pages of the built book, relative to ``html`` (list of str).

    ``index.html`` at the top only sends the browser on to the first page, and what lies in
    ``_static`` is no page.
    """
    paths = (path.relative_to(html).as_posix() for path in html.glob("**/*.html"))
    return sorted(
        path for path in paths if path != "index.html" and not path.startswith("_static/")
    )
