"""Certificates of models with several outputs: what is asked, verdicts that hold, proofs, and words."""

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import nn

import sparsest
from sparsest import InputError, Judgement, MultiOutputCertificate, MultiOutputNetwork, Proof
from sparsest.compare.certification.outputs_question import OutputsTerms, ask_outputs
from sparsest.compare.certification.several_outputs import OutputsMeans, certify_outputs
from sparsest.compare.reduce.shared_elimination import all_surely_fit, eliminate_shared
from sparsest.models import read_model
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.progress import Deadline

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.linspace(-2, 2, 9)[:, None]
# two ridges that both outputs share; no sum of outputs needs more than 2 neurons, and (1, 1) needs both
TWO = MultiOutputNetwork([[1.0], [-1.0]], [0.0, -0.5], [[1.0, 2.0], [1.0, -1.0]])
# the same function on all of R with five neurons: 0 and 1 as halves of the first, 3 and 4 cancel
FIVE = MultiOutputNetwork(
    [[1.0], [2.0], [-1.0], [1.0], [2.0]],
    [0.0, 0.0, -0.5, -1.0, -2.0],
    [[0.5, 1.0], [0.25, 0.5], [1.0, -1.0], [2.0, 4.0], [-1.0, -2.0]],
)
# one that has the wrong second output: the values of TWO plus 0.25 max(0, x)
OFF = MultiOutputNetwork([[1.0], [-1.0]], [0.0, -0.5], [[1.0, 2.25], [1.0, -1.0]])


def asked(model, labels=None, **terms):
    return ask_outputs(read_model(model), X, labels, OutputsTerms(**terms))


def intervals(question):
    return question.problem.low, question.problem.high


# ---------------------------------------------------------------- what is asked


def test_near_its_own_outputs():
    question = asked(TWO)
    values = TWO(X)
    # 1 percent of ranges 2 and 5.5
    assert question.against == "model"
    np.testing.assert_allclose(question.slack, np.broadcast_to([0.02, 0.055], values.shape))
    low, high = intervals(question)
    np.testing.assert_allclose((low + high) / 2, values, atol=1e-12)
    assert question.asked == "every output on every row within 1 percent of the range of the network's own"
    given = asked(TWO, tolerance=[0.5, 1.0])
    assert np.array_equal(given.slack[0], [0.5, 1.0])
    assert given.asked.endswith("within (0.5, 1) of the network's own")


def test_labels_within_a_tolerance():
    labels = TWO(X)
    question = asked(OFF, labels, tolerance=0.75)
    assert question.against == "tolerance"
    assert question.problem == MultiOutputProblem(X, labels, tolerance=0.75)
    # what the network attains: nothing in the first output, 0.25 * 2 in the second
    attained = asked(OFF, labels, against="tolerance")
    assert attained.slack[0] == pytest.approx([0.0, 0.5], abs=2e-3)
    assert np.all(attained.slack[0] >= [0.0, 0.5])
    assert all_surely_fit(attained.problem, OFF)
    assert "which is what the network itself attains" in attained.asked


def test_no_worse_on_labels_than_the_network_or_the_tolerance():
    labels = TWO(X)
    question = asked(OFF, labels, against="labels", tolerance=0.3)
    expected = np.maximum(0.3, np.abs(OFF(X) - labels))
    np.testing.assert_allclose(question.slack, expected, atol=1e-12)
    assert np.all(question.slack >= expected)
    assert all_surely_fit(question.problem, OFF)
    chosen = asked(OFF, labels, against="labels")
    assert chosen.slack[:, 1].max() == pytest.approx(0.5)
    assert chosen.slack[:, 1].min() == pytest.approx(0.055)  # 1 percent of 5.5, less than what it attains


def test_what_is_chosen_depends_on_how_near_the_labels_are():
    labels = TWO(X)
    assert asked(TWO, labels).against == "labels"  # it meets them
    assert asked(OFF, labels).against == "model"  # noise of 0.5 in a range of 5.5
    assert asked(OFF, labels, share_of_range=0.2).against == "labels"
    assert asked(OFF, labels, tolerance=1.0).against == "tolerance"


def test_an_output_that_is_constant():
    flat = MultiOutputNetwork([[1.0]], [0.0], [[1.0, 0.0]], [[0.0, 0.0], [0.0, 3.0]])
    question = asked(flat)
    assert 0 < question.slack[0, 1] < 1e-12
    assert all_surely_fit(question.problem, flat)


@pytest.mark.parametrize(
    ("labels", "terms", "words"),
    [
        (np.zeros(9), {}, r"Y has shape \(9,\).*\(9, 2\) is needed"),
        (np.zeros((9, 3)), {}, r"Y has shape \(9, 3\)"),
        (None, {"against": "labels"}, "no labels to hold it against"),
        (None, {"against": "all"}, "choose one of auto, model"),
        (None, {"tolerance": "small"}, 'write a number, or "auto"'),
        (None, {"tolerance": [1, 2, 3]}, r"tolerance has shape \(3,\)"),
        (None, {"tolerance": -1}, "negative or not finite"),
        (None, {"share_of_range": 2.0}, "at most 1"),
    ],
)
def test_questions_that_make_no_sense(labels, terms, words):
    with pytest.raises(InputError, match=words):
        asked(TWO, labels, **terms)


def test_inputs_of_another_size():
    with pytest.raises(InputError, match="X has 2 features and the model takes 1"):
        ask_outputs(read_model(TWO), np.zeros((3, 2)), None, OutputsTerms())


# ---------------------------------------------------------------- verdicts


def test_the_sparsest_of_its_kind(tmp_path):
    path = tmp_path / "proof.json"
    found = sparsest.certify(TWO, X, TWO(X), tolerance=1e-6, time_limit=20, proof_file=path)
    assert isinstance(found, MultiOutputCertificate)
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSEST, 2, 2)
    assert found.proof is Proof.EXACT
    assert found.proof_file == str(path)
    checked = sparsest.check_proof(path, found.problem)
    assert (checked.lower_bound, checked.upper_bound) == (2, 2)
    assert "2 neurons fit, and fewer do not" in found.reason


def test_a_sparser_one_is_handed_out():
    found = sparsest.certify(FIVE, X, TWO(X), tolerance=1e-6, time_limit=20)
    assert (found.judgement, found.count, found.reduced_count) == (Judgement.SPARSER_EXISTS, 5, 2)
    assert (found.lower_bound, found.upper_bound) == (2, 2)
    assert [str(each.kind) for each in found.reductions] == ["duplicate", "duplicate"]
    assert all_surely_fit(found.problem, found.network)
    assert found.headline.startswith(
        "SPARSER_EXISTS: 2 neurons fit where the network has 5, and fewer do not"
    )
    text = found.summary()
    assert "of the sparser network" in text
    assert "within 1e-06 of its label" in text


def test_the_keywords_of_one_output_reach_several():
    found = sparsest.certify(TWO, X, against="model", share_of_range=0.1, time_limit=5)
    assert found.asked == "every output on every row within 10 percent of the range of the network's own"
    assert found.against == "model"
    with pytest.raises(InputError, match="against"):
        sparsest.certify(TWO, X, against="everything")


def test_labels_that_are_missed():
    found = sparsest.certify(OFF, X, TWO(X), tolerance=0.4)
    # 0.25 x > 0.4 for x = 2 alone among 0, 0.5, 1, 1.5, 2: 0.5 is 0.1 too much
    assert found.judgement is Judgement.NOT_INTERPOLATING
    assert found.reason.startswith("the network misses 1 of 18 labels")
    assert "output 1 of row 8 most, by 0.1" in found.reason
    assert found.network is None
    assert found.outputs[1].residual == pytest.approx(0.5)


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
def test_verdicts_on_random_wide_networks(affine):
    """Every network handed out fits, and every bound stays below the widths that were planted."""
    rng = np.random.default_rng(5)
    inputs = rng.uniform(-1, 1, (30, 2))
    terms = {"none": None, "constant": np.c_[np.zeros((3, 2)), rng.normal(size=3)]}
    term = terms.get(affine, rng.normal(size=(3, 3)))
    planted = MultiOutputNetwork(rng.normal(size=(2, 2)), rng.normal(size=2), rng.normal(size=(2, 3)), term)
    # each neuron of the planted network three times, with shares of its outputs
    shares = rng.uniform(0.2, 1, (3, 2, 1))
    shares /= shares.sum(axis=0)
    wide = MultiOutputNetwork(
        np.tile(planted.weights, (3, 1)), np.tile(planted.biases, 3),
        (shares * planted.outputs).reshape(6, 3), term,
    )  # fmt: skip
    found = certify_outputs(
        read_model(wide), inputs, terms=OutputsTerms(tolerance=1e-3), means=OutputsMeans(time_limit=8.0)
    )
    assert found.judgement is Judgement.SPARSER_EXISTS
    assert found.lower_bound <= 2
    assert found.upper_bound <= 2
    assert found.network.count() == found.upper_bound
    assert np.abs(found.network(inputs) - wide(inputs)).max() <= 1e-3


def test_single_precision_is_kept_where_it_fits():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 2))
    found = certify_outputs(read_model(module), X, means=OutputsMeans(time_limit=5.0))
    assert found.dtype == "float32"
    for part in (found.network.weights, found.network.outputs, found.network.affine):
        assert np.array_equal(part, part.astype(np.float32))
    assert all_surely_fit(found.problem, found.network)


@pytest.mark.slow
def test_a_classifier_is_judged_by_its_logits():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40, 2))
    classes = np.array(["a", "b", "c"])[np.digitize(inputs[:, 0], [-0.5, 0.5])]
    model = MLPClassifier(hidden_layer_sizes=(8,), max_iter=50, random_state=0).fit(inputs, classes)
    found = certify_outputs(read_model(model), inputs, means=OutputsMeans(time_limit=2.0))
    assert found.folded == ("the final softmax is left aside: 3 logits are read, the largest decides",)
    assert 0.9 <= found.agreement <= 1
    assert "percent of the rows" in found.summary()


def test_certificates_are_saved(tmp_path):
    found = sparsest.certify(FIVE, X, TWO(X), tolerance=1e-6, time_limit=20)
    for name in ("c.json", "c.npz"):
        sparsest.save(found, tmp_path / name)
        again = sparsest.load(tmp_path / name)
        assert isinstance(again, MultiOutputCertificate)
        assert again.headline == found.headline
        assert (again.network, again.outputs, again.grounds) == (
            found.network,
            found.outputs,
            found.grounds,
        )
        assert again.problem is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objective": "weights"}, "objective="),
        ({"margin": 1.0}, "a margin was given, and labels of"),
        ({"checkpoint_file": "c.json"}, "a checkpoint was given"),
    ],
)
def test_options_for_one_output_are_refused(options, words):
    with pytest.raises(InputError, match=f"{words}.*several outputs: leave it out"):
        sparsest.certify(TWO, X, TWO(X), **options)


def test_an_interrupted_search_returns_what_is_known():
    def interrupt(state):
        if state.message.startswith("elimination"):
            raise KeyboardInterrupt

    means = OutputsMeans(time_limit=20.0, progress=interrupt)
    found = certify_outputs(read_model(FIVE), X, means=means)
    # reductions alone have told of two neurons, and nothing is proven
    assert (found.judgement, found.lower_bound, found.upper_bound) == (Judgement.SPARSER_EXISTS, 0, 2)
    assert found.remark.startswith("it was interrupted")
    assert found.reason == "2 neurons fit where the network has 5, and fewer are not ruled out"


def test_progress_never_goes_beyond_the_verdict():
    told = []
    means = OutputsMeans(time_limit=10.0, progress=told.append)
    found = certify_outputs(read_model(FIVE), X, terms=OutputsTerms(tolerance=1e-6), means=means)
    assert told
    assert max(state.lower_bound for state in told) <= found.lower_bound
    assert all(state.upper_bound is None or state.upper_bound >= found.upper_bound for state in told)


# ---------------------------------------------------------------- elimination


def test_elimination_undoes_a_network_that_was_split_with_noise():
    rng = np.random.default_rng(2)
    inputs = rng.uniform(-1, 1, (80, 3))
    planted = MultiOutputNetwork(rng.normal(size=(2, 3)), rng.normal(size=2), rng.normal(size=(2, 2)))
    model = MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", max_iter=300, random_state=0)
    wide = read_model(model.fit(inputs, planted(inputs))).network
    problem = MultiOutputProblem(inputs, wide(inputs), tolerance=0.05, affine="constant")
    told = []
    found = eliminate_shared(problem, wide, Deadline(10.0), lambda smaller: told.append(smaller.width))
    assert all_surely_fit(problem, found)
    assert found.width <= 5
    assert told == sorted(told, reverse=True)
    assert told[-1] == found.width


def test_elimination_without_time_or_room_returns_the_network():
    deadline = Deadline(1e-6)
    problem = MultiOutputProblem(X, TWO(X), tolerance=1e-6)
    assert eliminate_shared(problem, FIVE, deadline) is FIVE
    zero = MultiOutputNetwork.zero(1, 2)
    assert eliminate_shared(MultiOutputProblem(X, 0 * TWO(X), tolerance=1.0), zero, Deadline(1.0)) is zero
