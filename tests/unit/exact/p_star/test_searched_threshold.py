"""The threshold where it takes searches: how they divide the time, and what is said when they are stopped."""

import functools
import json

import helpers
import pytest

from sparsest import InputError, Problem, Status, datasets, exact
from sparsest.cli import exit_codes
from sparsest.exact import threshold
from sparsest.exact.p_star.by_bisection import UpperEnd, bound_threshold, most_parts
from sparsest.exact.p_star.counting import Counting, counting_of
from sparsest.exact.search_options import SearchOptions
from sparsest.objectives import Objective
from sparsest.progress import Deadline

# changes of slope 1, 16, 16, 1: p* = 0.342336, where 2 and 3 weights cost the same, 2 * 17^p = 2 + 32^p
CROSSING = helpers.convex(1, 16, 16, 1)
# two features: nothing ends by itself
FOUR = datasets.parse("uniform:d=2,n=4,seed=0").problem()
# neither count nor least path norm is known in half a second
LARGE = "uniform:d=2,n=14,seed=0"

run = functools.partial(helpers.call, "threshold")


def upper_of(problem):
    return UpperEnd(problem, Objective.WEIGHTS, SearchOptions())


def test_an_upper_end_takes_no_proof_of_the_count():
    upper = upper_of(CROSSING)
    upper.look(2, Deadline(None))
    # too large: 0.9, 0.45, 0.39375, 0.365625; not too large: 0.225, 0.3375
    assert (upper.p, upper.network.count("weights"), upper.tried) == (pytest.approx(0.365625), 3, 6)
    assert upper.stopped is None


def test_what_was_closed_is_not_searched_again_and_a_smaller_count_finds_more():
    upper = upper_of(CROSSING)
    upper.look(3, Deadline(None))
    # 3 weights at 0.9, as many as a sparsest network may have
    assert (upper.p, upper.network, upper.tried) == (1.0, None, 1)
    upper.look(2, Deadline(None))
    assert (upper.p, upper.tried) == (pytest.approx(0.365625), 6)
    upper.look(2, Deadline(None))
    assert (upper.p, upper.tried) == (pytest.approx(0.365625), 6)


def test_a_search_for_the_upper_end_without_time_says_so():
    upper = upper_of(CROSSING)
    upper.look(2, Deadline(1e-9))
    assert (upper.p, upper.tried, upper.stopped) == (1.0, 0, Status.TIME_LIMIT)


@pytest.mark.parametrize("kept", [True, False])
def test_counting_goes_on_where_it_was_and_only_with_more_time(tmp_path, kept):
    problem = datasets.parse("uniform:d=2,n=9,seed=0").problem()
    path = tmp_path / "count.checkpoint" if kept else None
    counting = Counting(problem, Objective.NEURONS, SearchOptions(), path, resume=False)
    stopped = counting.go_on(1e-3)
    assert stopped.status is Status.TIME_LIMIT
    found = counting.go_on(1e-3)
    assert (found is stopped) == (not kept)
    found = counting.go_on(None if kept else 600.0)
    whole = exact.solve(problem)
    assert found.status is Status.OPTIMAL
    assert found.lower_bound == whole.lower_bound
    assert not kept or path.exists()


def test_a_search_is_kept_only_where_it_can_be_and_may_be_paused(tmp_path):
    timed = SearchOptions(deadline=Deadline(60.0))
    bounded = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], weight_bound=2.0)
    with counting_of(FOUR, Objective.NEURONS, timed) as counting:
        counting.go_on(1e-3)
        assert counting.path.parent.is_dir()
    assert not counting.path.parent.exists()
    for problem, options in ((FOUR, SearchOptions()), (bounded, timed)):
        with counting_of(problem, Objective.WEIGHTS, options) as counting:
            assert counting.path is None
    asked = SearchOptions(checkpoint_path=tmp_path / "asked")
    with counting_of(FOUR, Objective.NEURONS, asked) as counting:
        assert counting.path == tmp_path / "asked"
    with (
        pytest.raises(InputError, match="the method is 'mip'"),
        counting_of(bounded, Objective.WEIGHTS, asked),
    ):
        pass


def test_after_an_interruption_no_exponent_is_tried():
    fewest, upper = exact.solve(FOUR, "weights"), upper_of(FOUR)
    found = bound_threshold(
        FOUR, Objective.WEIGHTS, fewest, upper, Deadline(None), stopped=Status.INTERRUPTED
    )
    assert (found.status, found.nodes, most_parts(fewest)) == (Status.INTERRUPTED, 0, 2)
    assert found.lower_bound > 0
    assert found.status.sentence in dict(found.rows())["time"]


def test_stopped_by_the_limit_while_counting(tmp_path):
    kept = tmp_path / "count.checkpoint"
    command = functools.partial(run, LARGE, "--time-limit", "0.5", "--checkpoint", kept)
    first = command()
    assert first.exit_code == exit_codes.OPEN
    assert "the time limit was reached" in " ".join(first.stdout.split())
    assert "--resume continues it" in first.stderr
    assert command().exit_code == exit_codes.BAD_INPUT  # in the way
    again = command("--resume")
    assert again.exit_code == exit_codes.OPEN, again.stderr


def test_an_interval_that_no_limit_narrowed_is_no_failure():
    # weights within a bound: no lower end, and an upper one from searches that all end
    found = run("xor", "--weight-bound", "5", "--json")
    assert found.exit_code == exit_codes.DONE
    assert json.loads(found.stdout)["status"] == "finished"


def test_exit_codes_are_those_of_other_proofs():
    done = {status for status in Status if exit_codes.of_threshold(status) == exit_codes.DONE}
    assert done == {Status.OPTIMAL, Status.FINISHED}
    assert all(exit_codes.of_threshold(status) == exit_codes.OPEN for status in set(Status) - done)


def test_workers_and_files_are_refused_like_those_of_other_searches(tmp_path):
    with pytest.raises(InputError, match="workers = 0"):
        threshold(FOUR, workers=0)
    with pytest.raises(InputError, match="resume needs a checkpoint_file"):
        threshold(FOUR, resume=True)
    with pytest.raises(InputError, match="no search that could be kept"):
        threshold(
            datasets.load("convex").problem(affine="skip"), "weights", checkpoint_file=tmp_path / "kept"
        )
    both = run("xor", "--workers", "2", "--dask", "tcp://nowhere:1")
    assert both.exit_code == exit_codes.BAD_INPUT
    assert "exclude each other" in both.stderr


@pytest.mark.slow
def test_workers_change_no_bound():
    alone, shared = threshold(FOUR, "weights"), threshold(FOUR, "weights", workers=2)
    assert (alone.lower_bound, alone.upper_bound) == (shared.lower_bound, shared.upper_bound)
