"""The page of a curve: self-contained, safe, and rendered by a browser on a phone."""

import dataclasses
import html.parser
import re
import shutil
import subprocess

import numpy as np
import pytest

from sparsest import Network, Problem, Status, exact
from sparsest.io.documents import decode, encode
from sparsest.pages.frontier_page import frontier_page, write_frontier_page

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


class Tags(html.parser.HTMLParser):
    """Checks that tags are closed in order, and collects what a page refers to."""

    def __init__(self, page):
        super().__init__()
        self.open, self.sources, self.used = [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.used.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def curve():
    return exact.frontier(Problem([0, 1, 2, 3, 4], [1, 2, 1, 2, 1], affine="skip"), scale="relative")


def test_it_says_everything_and_refers_to_nothing_outside(curve):
    page = frontier_page(curve, "curve.csv")
    tags = Tags(page)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in tags.sources)
    assert tags.used.count("img") == 1 + len(curve.points)  # the curve, and each function
    assert "script" not in tags.used
    assert "default-src 'none'" in page
    assert "Every point is proven least" in page
    assert "relative to the label" in page
    for point in curve.points:
        assert f"<td>{point.upper_bound:.6g}</td>" in page
    assert "prefers-color-scheme: dark" in page


def test_open_points_are_said_to_be_open(curve):
    last = dataclasses.replace(
        curve.points[1], status=Status.TIME_LIMIT, lower_bound=0.0, remark="<b>why</b>"
    )
    page = frontier_page(dataclasses.replace(curve, points=(curve.points[0], last)), "<i>")
    Tags(page)
    assert 'class="open"' in page
    assert "1 of 2 points are proven least" in page
    assert "no lower bound yet" in page
    assert "&lt;b&gt;why&lt;/b&gt;" in page
    assert "<i>" not in page


def test_without_data_or_with_many_features_nothing_is_drawn(curve):
    read = decode(encode(curve))
    assert "Not drawn: a curve that was read from a file" in frontier_page(read, "x")
    rng = np.random.default_rng(0)
    wide = exact.frontier(Problem(rng.normal(size=(5, 3)), np.ones(5), affine="constant"), most=0)
    assert "Not drawn: 3 features" in frontier_page(wide, "x")
    plane = exact.frontier(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [1, 2, 3, 5]), most=0)
    assert Tags(frontier_page(plane, "x")).used.count("img") == 2


def test_points_without_a_network_are_left_out(curve):
    none = dataclasses.replace(curve.points[0], network=None)
    page = frontier_page(dataclasses.replace(curve, points=(none, *curve.points[1:])), "x")
    assert Tags(page).used.count("img") == len(curve.points)
    assert isinstance(curve.points[0].network, Network)


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
@pytest.mark.slow
def test_a_browser_renders_it_as_wide_as_a_phone(curve, tmp_path):
    path = tmp_path / "page.html"
    write_frontier_page(path, curve, "curve.csv")
    # the width of the page beside that of its window, written by the page that frames it
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="page" src="{path.as_uri()}" style="width: 390px; height: 3000px"></iframe>'
        "<script>addEventListener('load', () => { const root = document.getElementById('page')"
        ".contentDocument.documentElement; document.title = root.scrollWidth + ' ' + root.clientWidth })"
        "</script>"
    )
    dumped = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--allow-file-access-from-files", "--dump-dom", frame.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    wide, window = map(int, re.search(r"<title>(\d+) (\d+)</title>", dumped).groups())
    assert wide <= window
