"""The page of a certificate: self-contained, safe, and rendered by a browser."""

import dataclasses
import html.parser
import re
import shutil
import subprocess

import numpy as np
import pytest
from typer.testing import CliRunner

from sparsest import Network, Problem, certify, save
from sparsest.cli.main import app
from sparsest.compare.certification.html_page import certificate_page, write_certificate_page

X, Y = [[-2.0], [-1], [0], [1], [2], [3]], [0.0, 0, 1, 1, 0, 0]
# neuron 5 is never active, 1 and 2 are one neuron in two parts
WIDE = Network([[1.0]] * 5 + [[-1]], [1.0, 0, 0, -1, -2, -9], [1.0, -0.5, -0.5, -1, 1, 3])
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


class Tags(html.parser.HTMLParser):
    """Checks that tags are closed in order, and collects what a page refers to."""

    def __init__(self, page):
        super().__init__()
        self.open, self.sources, self.used = [], [], set()
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.used.add(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def found():
    return certify(WIDE, X, Y, time_limit=20)


def page_of(found, title="model on data"):
    return certificate_page(found, title)


def test_it_says_everything_and_refers_to_nothing_outside(found):
    page = page_of(found)
    tags = Tags(page)
    assert tags.sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in tags.sources)
    assert "script" not in tags.used
    assert "default-src 'none'" in page
    assert "SPARSER_EXISTS" in page
    for reduction in found.reductions:
        assert reduction.sentence in page
    for attempt in found.attempts:
        assert attempt.outcome in page
    assert "at least 3, at most 3" in page
    assert "Rows that are missed most" not in page  # it fits exactly


@pytest.mark.parametrize(
    ("affine", "said"),
    [
        ([0.0, 0.25], "Affine term: the constant 0.25."),
        ([2.0, 0.25], "Affine term: 2 and the constant 0.25."),
        ([*range(8), 0.25], "Affine term: 0, 1, 2, 3, 4, 5, 6, 7 and the constant 0.25."),
        ([*range(9), 0.25], "Affine term: 0, 1, 2, 3, 4, 5, 6, 7, ... and the constant 0.25."),
    ],
)
def test_the_constant_of_an_affine_term_is_no_slope(found, affine, said):
    d = len(affine) - 1
    network = Network(np.ones((1, d)), [0.0], [1.0], affine)
    assert said in page_of(dataclasses.replace(found, network=network, problem=None))


def test_names_are_text_and_not_markup(found):
    page = page_of(dataclasses.replace(found, reason="<script>alert(1)</script>"), title="<b>&")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;" in page


def test_other_verdicts_and_many_features():
    rng = np.random.default_rng(0)
    inputs, labels = rng.normal(size=(500, 3)), rng.normal(size=500)
    network = Network(rng.normal(size=(4, 3)), np.zeros(4), np.ones(4))
    missed = certify(network, inputs, labels, tolerance=1e-3)
    page = certificate_page(missed, "x")
    Tags(page)
    assert "NOT_INTERPOLATING" in page
    assert "Rows that are missed most" in page
    assert len(Tags(page).sources) == 1
    many = Problem(rng.normal(size=(10_001, 3)), rng.normal(size=10_001))
    assert "Not drawn: 10001 samples of 3 features" in certificate_page(
        dataclasses.replace(missed, problem=many), "x"
    )


def test_bounds_are_drawn_where_they_took_time(found):
    trace = np.array([[0.1, 0, 3], [0.2, 2, 2]])
    shown = [
        certificate_page(dataclasses.replace(found, trace=trace, seconds=seconds), "x")
        for seconds in (0.3, 3.0)
    ]
    assert ["Bounds over time" in page for page in shown] == [False, True]


def test_skill_stands_side_by_side_and_its_loss_is_said():
    # |x| but for one label that is 2 off: within that error of all labels no neuron is needed beside a skip,
    # and the line that is left may be anything
    inputs = np.linspace(-1, 1, 21)[:, None]
    labels = np.abs(inputs[:, 0]) + np.r_[2, np.zeros(20)]
    network = Network([[1.0], [-1.0]], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0])
    lost = certify(network, inputs, labels, against="tolerance", time_limit=20)
    page = certificate_page(lost, "x")
    Tags(page)
    for name, figure in lost.given_skill.figures + lost.network_skill.figures:
        assert f"<td>{name}</td>" in page
        assert f"<td>{figure}</td>" in page
    assert "Skill is lost: R2 falls from" in page
    assert page.index("Skill on the labels") < page.index("What was tried")
    assert lost.asked in page


def test_command(tmp_path):
    save(WIDE, tmp_path / "model.json")
    out = tmp_path / "page.html"
    run = CliRunner().invoke(
        app, ["certify", str(tmp_path / "model.json"), "peak-plateau", "--report", str(out)]
    )
    assert run.exit_code == 1
    assert "SPARSER_EXISTS" in out.read_text()
    wrong = CliRunner().invoke(
        app, ["certify", str(tmp_path / "model.json"), "peak-plateau", "--report", str(tmp_path / "page.pdf")]
    )
    assert wrong.exit_code == 2


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_a_browser_renders_it(found, tmp_path):
    path = tmp_path / "page.html"
    write_certificate_page(path, found, "model on data")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    # the images are decoded, nothing is loaded from elsewhere
    dumped = subprocess.run(
        [BROWSER, *options, "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert re.search(r"<h1[^>]*>\d neurons? do(es)? the work of \d+</h1>", dumped.stdout)
    printed = tmp_path / "page.pdf"
    subprocess.run(
        [BROWSER, *options, f"--print-to-pdf={printed}", path.as_uri()],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert printed.read_bytes().startswith(b"%PDF")
