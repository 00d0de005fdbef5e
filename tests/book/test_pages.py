"""The built book read as files: figures described, links whole, no other host named."""

import html.parser
import re
import zipfile
from urllib.parse import unquote, urldefrag, urljoin

import pytest

from tests.book.conftest import ROOT
from tests.book.pages import page_paths

LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "embed": "src"}
LOADING_LINKS = {"stylesheet", "preload", "icon", "modulepreload", "prefetch", "preconnect"}
ELSEWHERE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)


class Page(html.parser.HTMLParser):
    """What a page holds that these tests look at."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded, self.images = set(), [], [], []
        self.scripts, self.styles, self.in_svg, self.inside = [], [], 0, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.add(attributes["id"])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag in LOADING and attributes.get(LOADING[tag]):
            self.loaded.append(attributes[LOADING[tag]])
        if tag == "link" and LOADING_LINKS.intersection(attributes.get("rel", "").split()):
            self.loaded.append(attributes["href"])
        if tag == "img":
            self.images.append(("img", attributes.get("alt")))
        if tag == "svg":
            hidden = attributes.get("aria-hidden") == "true"
            if not self.in_svg and not hidden:
                self.images.append(("svg", attributes.get("aria-label")))
            self.in_svg += 1
        self.inside = tag if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        self.in_svg -= tag == "svg"
        self.inside = None

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)
        elif self.inside == "style":
            self.styles.append(data)


@pytest.fixture(scope="module")
def pages(html):
    """Every page of the book, read (dict from its path to a Page)."""
    return {path: Page((html / path).read_text("utf-8")) for path in page_paths(html)}


def test_every_figure_says_what_it_shows(pages):
    silent = [
        (path, kind)
        for path, page in pages.items()
        for kind, description in page.images
        if not (description or "").strip()
    ]
    assert silent == []


def test_nothing_is_loaded_from_another_host(pages, html):
    named = [(p, url) for p, page in pages.items() for url in page.loaded if ELSEWHERE.match(url)]
    assert named == []
    code = {path: "\n".join(page.scripts + page.styles) for path, page in pages.items()}
    used = {urldefrag(urljoin(p, url))[0].split("?")[0] for p in pages for url in pages[p].loaded}
    for path in used:
        if path.endswith((".js", ".css")) and "/mathjax/" not in path:
            code[path] = (html / path).read_text("utf-8")
    fetching = re.compile(
        r"""(?:import\s*\(?|@import|url\(|fetch\(|\.src\s*=|\bfrom)\s*["'`]?\s*(?:https?:)?//[a-z]""",
        re.IGNORECASE,
    )
    assert {
        path: fetching.findall(text) for path, text in code.items() if fetching.search(text)
    } == {}


def test_every_link_inside_the_book_leads_somewhere(pages, html):
    broken = []
    for path, page in pages.items():
        for link in page.links + page.loaded:
            if re.match(r"[a-z]+:", link) or link.startswith("//"):
                continue
            target, anchor = urldefrag(urljoin(path, link))
            target = unquote(target.split("?")[0])
            if not (html / target).is_file():
                broken.append((path, link, "no such file"))
            elif anchor and target in pages and unquote(anchor) not in pages[target].ids:
                broken.append((path, link, "no such place on the page"))
    assert broken == []


def test_links_to_other_hosts_are_listed_for_a_person_to_follow(pages):
    outside = {}
    for path, page in pages.items():
        for link in page.links:
            if ELSEWHERE.match(link):
                outside.setdefault(link, []).append(path)
    lines = [f"{link}  ({', '.join(sorted(set(outside[link])))})" for link in sorted(outside)]
    (ROOT / "_build" / "external_links.txt").write_text("\n".join([*lines, ""]), "utf-8")
    assert outside, "the papers at least have addresses"
    assert [link for link in outside if not link.startswith("https://")] == []


def test_released_notebooks_are_pages_with_all_that_belongs_to_them_to_download(pages, html):
    shown = [path for path in pages if path.startswith("exercises/")]
    assert shown
    for path in shown:
        name = path.split("/")[1]
        assert f"../../_static/download/{name}.zip" in pages[path].links, path
        with zipfile.ZipFile(html / "_static" / "download" / f"{name}.zip") as archive:
            packed = {entry: archive.read(entry) for entry in archive.namelist()}
        assert {f"{name}/{name}.ipynb", f"{name}/check.py", f"{name}/cases.npz"} <= packed.keys()
        for entry, content in packed.items():
            assert (ROOT / "exercises" / entry).read_bytes() == content, entry
        assert "cell_output" not in (html / path).read_text("utf-8"), f"{path} was executed"


def test_papers_are_labelled_as_they_are_cited(html):
    papers = (html / "book" / "references.html").read_text("utf-8")
    entry = r'class="citation" id="(\w+)".*?class="label"><span.*?</span>(.*?)<span'
    labels = dict(re.findall(entry, papers, re.DOTALL))
    assert len(set(labels.values())) == len(labels) > 0
    cited = 0
    for path in page_paths(html):
        text = (html / path).read_text("utf-8")
        link = r'<a class="reference internal" href="[^"]*references\.html#(\w+)"[^>]*>(.*?)</a>'
        for target, shown in re.findall(link, text):
            if target in labels:
                cited += 1
                said = re.sub("<.*?>", "", shown)
                assert said == labels[target] or labels[target].endswith(f", {said}"), (path, said)
    assert cited > 0


def test_no_line_begins_with_what_follows_a_formula(html):
    formula = r'<span class="math notranslate nohighlight">[^<]*</span>(.?)'
    formula = rf'(<span class="together">[^<]*)?{formula}'
    formulas = 0
    for path in page_paths(html):
        for held, following in re.findall(formula, (html / path).read_text("utf-8")):
            formulas += 1
            assert held or following not in ".,:;!?)", (path, following)
    assert formulas > 0


def test_terms_in_bold_are_in_the_index(html):
    index = (html / "genindex.html").read_text("utf-8")
    for place in ("book/glossary.html#term-", "book/lstm/gates.html#index-gate", "lstm/lstm.html#"):
        assert place in index, place
    for path in set(page_paths(html)) - {"genindex.html"}:
        assert "genindex.html" in (html / path).read_text("utf-8"), path


def test_every_quiz_explains_each_answer(html):
    quizzes = [path for path in page_paths(html) if path.endswith("/quiz.html")]
    assert quizzes
    for path in quizzes:
        text = (html / path).read_text("utf-8")
        questions = re.split(r"<h2>Question \d+", text)[1:]
        assert len(questions) >= 8, path
        for number, question in enumerate(questions, start=1):
            answers = re.findall(
                r'<details class="[^"]*\bquiz-(right|wrong)\b.*?</details>', question, re.DOTALL
            )
            explained = re.findall(r"<strong>(Right|Wrong)\.</strong> ?\S", question)
            assert [word.lower() for word in explained] == answers, (path, number)
            assert answers.count("right") == 1 and len(answers) >= 3, (path, number)
