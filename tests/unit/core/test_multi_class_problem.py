"""Problems with several classes: what they ask for, what they refuse, and what survives a file."""

import pickle

import numpy as np
import pandas as pd
import pytest

from sparsest import InputError, MultiClassProblem, MultiOutputNetwork, load, save

X = [[0.0], [1.0], [2.0], [3.0]]


def test_labels_are_numbered_in_order_and_names_are_kept():
    frame = pd.DataFrame({"width": [0.1, 0.2, 0.3]})
    problem = MultiClassProblem(frame, pd.Series(["b", "c", "a"], name="kind"))
    assert problem.classes == ("a", "b", "c")
    assert problem.labels.tolist() == [1, 2, 0]
    assert (problem.feature_names, problem.target_name) == (("width",), "kind")
    assert problem.places == (1, 0)  # tenths, and a margin of a binary 1


def test_classes_may_be_given_and_lack_samples():
    problem = MultiClassProblem(X, [2, 2, 7, 7], classes=[7, 5, 2])
    assert problem.n_outputs == 3
    assert problem.labels.tolist() == [2, 2, 0, 0]
    assert problem.between(1, 2).n_samples == 2


def test_values_fall_short_by_what_is_missing_to_the_margin():
    problem = MultiClassProblem(X[:2], [0, 1], classes=[0, 1, 2], margin=2)
    # row 0: own output 5, others 4 and 1: gaps 1 and 4, so that 1 is missing to the first
    # row 1: own output 0, others 0 and -3: gaps 0 and 3, so that 2 are missing to the first
    values = np.array([[5.0, 4, 1], [0, 0, -3]])
    assert problem.violation(values).tolist() == [[0, 1, 0], [2, 0, 0]]
    assert problem.least_gap(values) == 0
    assert problem.accuracy(values) == 0.5  # argmax takes the first of equal outputs


def test_the_problem_of_two_classes_is_theirs_alone():
    problem = MultiClassProblem(X, [0, 1, 2, 1], margin=0.5, affine="constant")
    pair = problem.between(1, 2)
    assert pair.X.ravel().tolist() == [1, 2, 3]
    assert pair.low.tolist() == [0.5, -np.inf, 0.5]
    assert pair.high.tolist() == [np.inf, -0.5, np.inf]
    assert pair.affine == "constant"
    assert problem.along((0, 1, -1)) == pair


@pytest.mark.parametrize("direction", [(0, 1, 1), (2, -1, -1), (1, -1), (0, 0, 0)])
def test_other_directions_are_refused(direction):
    with pytest.raises(InputError, match="a 1, a -1 and zeros"):
        MultiClassProblem(X, [0, 1, 2, 1]).along(direction)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[0], [0]], ["a", "b"]), "rows 0 and 1 have equal inputs and different classes, a and b"),
        (([[0], [1]], ["a", "a"]), "the class a alone"),
        (([[0], [1]], ["a", None]), "hold nothing at row 1"),
        (([[0], [1]], [[1, 2], [3, 4]]), "one label for each"),
    ],
)
def test_bad_labels_are_named(arguments, words):
    with pytest.raises(InputError, match=words):
        MultiClassProblem(*arguments)


def test_unknown_and_double_classes_are_named():
    with pytest.raises(InputError, match="'d', which is none of the classes a, b"):
        MultiClassProblem([[0], [1]], ["a", "d"], classes=["a", "b"])
    with pytest.raises(InputError, match="a name twice"):
        MultiClassProblem([[0], [1]], ["a", "b"], classes=["a", "b", "a"])
    with pytest.raises(InputError, match="margin = 0"):
        MultiClassProblem([[0], [1]], ["a", "b"], margin=0)


def test_a_network_solves_it_where_every_gap_is_the_margin():
    problem = MultiClassProblem([[0.0], [1.0], [2.0]], [0, 1, 2], affine="constant")
    # outputs 0, 2 t - 1, 4 t - 4 of t = x: 0, -1, -4 at 0, then 0, 1, 0 at 1 and 0, 3, 4 at 2
    terms = np.array([[0.0, 0], [0, -1], [0, -4]])
    whole = MultiOutputNetwork([[1.0]], [0.0], [[0, 2, 4]], terms)
    half = MultiOutputNetwork([[1.0]], [0.0], [[0, 1, 2]], terms / 2)
    assert whole.solves(problem)
    assert not half.solves(problem)
    assert half.residual(problem) == 0.5
    assert half.solves(problem.replace(margin=0.5))
    assert not whole.solves(problem.replace(affine="none"))


def test_merging_and_subsets_keep_the_classes():
    problem = MultiClassProblem([[1.0], [0.0], [1.0]], [2, 0, 2], classes=[0, 1, 2])
    assert problem.distinct().X.ravel().tolist() == [0, 1]
    assert problem.distinct().labels.tolist() == [0, 2]
    assert problem.subset([1]).classes == (0, 1, 2)
    assert problem.replace(affine="skip").affine == "skip"


@pytest.mark.parametrize("ending", [".json", ".npz"])
@pytest.mark.parametrize("labels", [["x", "y", "z", "x"], [3, 1, 2, 3], [0.5, 1.5, 2.5, 0.5]])
def test_files_and_copies_keep_everything(tmp_path, ending, labels):
    problem = MultiClassProblem(np.array(X) / 10, labels, margin=0.25, affine="skip", target_name="kind")
    save(problem, tmp_path / f"problem{ending}")
    for copy in (load(tmp_path / f"problem{ending}"), pickle.loads(pickle.dumps(problem))):
        assert copy == problem
        assert copy.classes == problem.classes
        assert copy.places == problem.places
        assert copy.target_name == "kind"
    assert problem != problem.replace(margin=0.5)
    assert problem != MultiClassProblem(problem.X, [0, 0, 1, 2], margin=0.25, affine="skip")
