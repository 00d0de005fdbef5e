"""Every page in a browser: no other host, no error, every formula drawn, light, no overflow."""

import re
from urllib.parse import urlsplit

import pytest

from tests.book.pages import page_paths

MAX_WEIGHT = 1_500_000


class Visit:
    """What one page did while a browser loaded it."""

    def __init__(self, page, address):
        self.requests, self.errors, self.responses = [], [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("response", lambda response: self.responses.append(response))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type == "error" else None,
        )
        page.goto(address, wait_until="load")
        page.evaluate("() => window.MathJax?.startup?.promise")
        page.wait_for_load_state("networkidle")

    def sizes(self):
        """Return the size in bytes of everything that the page loaded, by address (dict)."""
        return {response.url: len(response.body()) for response in self.responses}


def visit_all(browser, html, address, width):
    for path in page_paths(html):
        context = browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        yield path, page, Visit(page, f"{address}/{path}")
        context.close()


def test_pages_load_everything_from_here_without_error_and_are_light(browser, html, address):
    here = urlsplit(address).netloc
    for path, page, visit in visit_all(browser, html, address, width=1400):
        elsewhere = [url for url in visit.requests if urlsplit(url).netloc not in (here, "")]
        assert elsewhere == [], path
        assert visit.errors == [], path
        sizes = visit.sizes()
        assert sum(sizes.values()) < MAX_WEIGHT, (path, sizes)

        formulas = page.locator("span.math, div.math").count()
        rendered = page.locator("mjx-container").count()
        assert rendered >= formulas, path
        assert page.locator("mjx-merror, merror, [data-mjx-error]").count() == 0, path


BACKGROUND_AND_INK = """() => [...document.querySelectorAll("main svg[role=img]")].map(figure => {
    let paper = figure;
    while (paper && getComputedStyle(paper).backgroundColor === "rgba(0, 0, 0, 0)")
        paper = paper.parentElement;
    return [paper ? getComputedStyle(paper).backgroundColor : "rgb(255, 255, 255)",
            getComputedStyle(figure).color];
})"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_stand_out_from_the_page(browser, html, address, theme):
    def brightness(colour):
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)

    context = browser.new_context()
    context.add_init_script(f"localStorage.mode = localStorage.theme = '{theme}'")
    page = context.new_page()
    figures = 0
    for path in page_paths(html):
        page.goto(f"{address}/{path}", wait_until="load")
        for paper, ink in page.evaluate(BACKGROUND_AND_INK):
            figures += 1
            assert abs(brightness(paper) - brightness(ink)) > 0.5, (path, paper, ink)
            assert (brightness(paper) > 0.5) == (theme == "light"), (path, paper)
    context.close()
    assert figures > 0


def test_answers_of_a_quiz_open_by_keyboard(browser, html, address):
    quizzes = [path for path in page_paths(html) if path.endswith("/quiz.html")]
    assert quizzes
    page = browser.new_page()
    for path in quizzes:
        page.goto(f"{address}/{path}")
        answer = page.locator("details.quiz").first
        assert not answer.locator("p").first.is_visible()
        answer.locator("summary").focus()
        page.keyboard.press("Enter")
        assert answer.locator("p").first.is_visible()
    page.close()


def test_no_page_is_wider_than_a_telephone(browser, html, address):
    for path, page, _ in visit_all(browser, html, address, width=400):
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 400, (path, width)
