"""Certified least path norms: their file, the suite that names it, and runs that are judged by them."""

import dataclasses
import json
import math

import pytest

from sparsest import InputError, Network, Objective, datasets, tolerances
from sparsest.benchmarks.run.task import execute, plan, record_of
from sparsest.benchmarks.suites import suite
from sparsest.benchmarks.suites.certified import (
    CertifiedNorm,
    LeastNorm,
    norm_key,
    read_certified,
    write_certified,
)
from sparsest.benchmarks.suites.method_answer import MethodAnswer

PEAK = datasets.load("peak-plateau").problem()
# three neurons whose slopes change by 1, -2, 1: 1 + sqrt(2) + 1 for p = 1/2
LEAST = 2 + math.sqrt(2)
TENT = Network([[1.0], [1.0], [1.0]], [1.0, -0.5, -2.0], [1.0, -2.0, 1.0])


def entry(**changes):
    norm = CertifiedNorm(
        "peak-plateau", PEAK.digest, Objective.WEIGHTS, 0.5, LEAST * (1 - 1e-7), LEAST * (1 + 1e-9), 1.0
    )
    return dataclasses.replace(norm, **changes)


@pytest.fixture
def judged(tmp_path):
    """A suite with a certified norm for one of its two exponents."""
    write_certified(tmp_path / "norms.json", "the command", {"sparsest": "1"}, [entry()])
    path = tmp_path / "judged.toml"
    path.write_text(
        'methods = ["minimize", "greedy"]\ncertified = "norms.json"\ntime_limit = 20\n'
        '[[problems]]\ndata = "peak-plateau"\nobjective = "weights"\np = [0.5, 0.3]'
    )
    return suite.load(str(path))


def test_file_reads_back_and_names_its_command(tmp_path):
    path = tmp_path / "norms.json"
    both = [entry(), entry(objective=Objective.NEURONS, p=1.0)]
    write_certified(path, "the command", {"sparsest": "1"}, both)
    assert list(read_certified(path).values()) == both
    assert read_certified(path)[norm_key(PEAK, Objective.WEIGHTS, 0.5)].bounds == LeastNorm(
        both[0].lower, both[0].upper
    )
    assert json.loads(path.read_text())["command"] == "the command"
    write_certified(path, "", {}, [])
    assert read_certified(path) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other"}, "not of format"),
        ({"version": 2}, "version 2"),
        ({"norms": [{}]}, "data"),
        ({"norms": [{"lower": 3.0, "upper": 2.0}]}, "no bounds of a path norm"),
        ({"norms": [{"upper": "much"}]}, "upper"),
    ],
)
def test_damaged_files_are_refused(tmp_path, change, said):
    path = tmp_path / "norms.json"
    write_certified(path, "", {}, [entry()])
    document = json.loads(path.read_text())
    if "norms" in change and change["norms"] != [{}]:
        change = {"norms": [document["norms"][0] | change["norms"][0]]}
    path.write_text(json.dumps(document | change))
    with pytest.raises(InputError, match=said):
        read_certified(path)


def test_a_missing_file_and_a_wrong_exponent_are_refused(tmp_path):
    path = tmp_path / "s.toml"
    text = 'methods = ["auto"]\n{}\n[[problems]]\ndata = "xor"\n{}'
    for head, tail, said in (
        ('certified = "none.json"', "", "there is no such file"),
        ("certified = 3", "", "the name of a file is needed"),
        ("", "p = 2", "p = 2 is not a number in"),
        ("", 'p = ["a"]', "p = 'a' is not a number"),
    ):
        path.write_text(text.format(head, tail))
        with pytest.raises(InputError, match=said):
            suite.load(str(path))


def test_tasks_know_exponent_and_norm(judged):
    tasks = plan(judged)
    assert [(task.variant.name, task.p, task.least_norm is None) for task in tasks] == [
        ("minimize", 0.5, False),
        ("greedy", 0.5, False),
        ("minimize", 0.3, True),
        ("greedy", 0.3, True),
    ]
    assert len({task.key for task in tasks}) == 4
    assert dataclasses.replace(tasks[0], p=None).key != tasks[0].key
    assert dataclasses.replace(tasks[0], least_norm=LeastNorm(1.0, 1.0)).key != tasks[0].key


def test_a_run_is_told_the_norm_and_judged_by_it(judged):
    record = execute(plan(judged)[0])
    assert record.reached
    assert record.path_norm == pytest.approx(LEAST, rel=1e-6)
    assert (record.p, record.options["p"]) == (0.5, 0.5)
    assert record.attempts[-1][2:] == (3, pytest.approx(LEAST, rel=1e-6), 0.0)
    # it ends where the norm is met: without one it goes on for a thousand turns
    assert record.work < 1000


def test_the_referee_recomputes_the_norm(judged):
    task = plan(judged)[0]
    # a network that fits, with a fourth neuron that costs sqrt(4): it faces left of all samples
    four = Network([[1.0], [1.0], [1.0], [1.0]], [1.0, -0.5, -2.0, -3.0], [1.0, -2.0, 1.0, 4.0])
    for network, norm, reached in ((TENT, LEAST, True), (four, LEAST + 2, False)):
        record = record_of(task, MethodAnswer(network, "finished"), 0.1)
        assert record.path_norm == pytest.approx(norm)
        assert record.excess == pytest.approx(norm / LEAST - 1, abs=1e-8)
        assert (record.reached, record.is_below_least) == (reached, False)


def test_what_does_not_fit_reaches_nothing_and_what_is_below_is_said(judged):
    task = plan(judged)[0]
    nothing = record_of(task, MethodAnswer(Network([[1.0]], [0.0], [1.0]), "finished"), 0.1)
    assert (nothing.excess, nothing.reached, nothing.is_below_least) == (math.inf, False, False)
    # a bound that is too high: the network below it shows that
    wrong = dataclasses.replace(task, least_norm=LeastNorm(4.0, 4.0))
    assert record_of(wrong, MethodAnswer(TENT, "finished"), 0.1).is_below_least
    unknown = record_of(plan(judged)[2], MethodAnswer(TENT, "finished"), 0.1)
    assert (unknown.excess, unknown.reached) == (None, False)


def test_every_problem_of_the_suite_has_its_certified_norm():
    instances = suite.load("least-norm").instances
    assert len(instances) >= 40
    for instance in instances:
        least = instance.least_norm
        assert least is not None, (instance.data, instance.objective, instance.p)
        assert least.upper - least.lower <= tolerances.PATH_NORM_GAP * least.upper
    known = {(each.data, each.objective, each.p): each.least_norm for each in instances}
    assert known["peak-plateau", Objective.WEIGHTS, 0.5].upper == pytest.approx(LEAST, rel=1e-6)
