"""Judge a network with several outputs: whether fewer neurons that all outputs share would do.

Cheapest first: neurons that are superfluous on the data; elimination from the network's own neurons; and for
the rest of the time the exact search, which bounds sums of the outputs and checks networks in rationals: that
takes the longer the wider they are.
"""

import dataclasses
import math
import os
from concurrent.futures import Executor
from typing import Final

from numpy.typing import ArrayLike

from sparsest.compare.certification.classes_question import (
    ClassesQuestion,
    ClassesTerms,
    ask_classes,
    asks_for_classes,
)
from sparsest.compare.certification.outputs_question import OutputsQuestion, OutputsTerms, ask_outputs
from sparsest.compare.certification.question import is_auto
from sparsest.compare.reduce.shared_elimination import all_surely_fit, eliminate_shared
from sparsest.compare.reduce.shared_neurons import reduce_shared
from sparsest.decimals import Numbers
from sparsest.errors import InputError, SolverError
from sparsest.exact import solve
from sparsest.models import TrainedModel, rounded
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.objectives import Objective
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results.certificate import SHARE_OF_RANGE, Against, Attempt, Judgement, Reduction
from sparsest.results.multi_class import MultiClassResult
from sparsest.results.multi_output import MultiOutputResult
from sparsest.results.multi_output_certificate import MultiOutputCertificate
from sparsest.results.solving import Proof, Status
from sparsest.sentences import counted, joined

# Seconds for everything unless the caller says otherwise.
TIME_LIMIT: Final = 60.0
# Share of the time that elimination gets, and of what is left then that the exact search is given: it ends a
# little later than asked.
_ELIMINATION: Final = 0.4
_EXACT: Final = 0.97
# Samples times features times neurons times outputs up to which the exact side is handed a network for
# numbers: it checks that in rational arithmetic, which takes some microseconds for each.
_MAX_WITNESS: Final = 300_000


@dataclasses.dataclass(frozen=True)
class OutputsMeans:
    """How to search.

    Attributes
    ----------
    time_limit : float or None
        Seconds for everything.
    proof_file : path or None
        Where a proof of the bounds goes.
    workers, executor
        As for `sparsest.exact.solve`.
    progress : callable or None
        Called with a `Progress`.
    """

    time_limit: float | None = TIME_LIMIT
    proof_file: str | os.PathLike[str] | None = None
    workers: int = 1
    executor: Executor | None = None
    progress: ProgressCallback | None = None


def certify_outputs(
    read: TrainedModel,
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    terms: OutputsTerms | ClassesTerms | None = None,
    means: OutputsMeans | None = None,
) -> MultiOutputCertificate:
    """Say whether a network with several outputs has the fewest neurons that fit, and show a sparser one.

    Parameters
    ----------
    read : TrainedModel
        A model with m > 1 outputs (`sparsest.models.read_model`).
    X : array-like (N, d)
        Inputs.
    Y : array-like (N, m), optional
        Labels; without them a network is held against its own outputs. Of classes (N,): without them it is
        held against its own.
    terms : OutputsTerms or ClassesTerms, optional
        When a network fits: near numbers by default, or where each row is put into its class.
    means : OutputsMeans, optional
        How to search.

    Returns
    -------
    MultiOutputCertificate
        `Judgement.SPARSEST` only with a proven lower bound that equals the network's own neurons;
        `Judgement.SPARSER_EXISTS` only with a network in hand that provably fits and has fewer.

    Raises
    ------
    InputError
        For a model, data or options that cannot be used.

    Examples
    --------
    >>> import sparsest
    >>> X = [[-2.0], [-1.0], [0.0], [1.0], [2.0]]
    >>> wide = sparsest.MultiOutputNetwork([[1], [2], [-1]], [0, 0, 0], [[1, 0], [0.5, 1], [0, 1]])
    >>> found = sparsest.certify(wide, X, wide(X))
    >>> str(found.judgement), found.count, found.lower_bound, found.upper_bound
    ('sparser_exists', 3, 2, 2)
    >>> found.reductions[0].sentence
    'neurons 0 and 1 are the same neuron up to the size: one does for all'
    """
    means = means or OutputsMeans()
    deadline = Deadline(means.time_limit)
    question: OutputsQuestion | ClassesQuestion
    if isinstance(terms, ClassesTerms):
        question = ask_classes(read, X, Y, terms)
    else:
        question = ask_outputs(read, X, Y, terms or OutputsTerms())
    return _OutputsCase(read, question, means, deadline).run()


def refuse_for_outputs(objective: Objective, checkpoint_file: object, outliers: int = 0) -> None:
    """Raise `InputError` for options of `sparsest.certify` that are not for several outputs."""
    asked = [
        name
        for name, given in (
            (f'objective="{objective}"', objective is not Objective.NEURONS),
            ("a checkpoint", checkpoint_file is not None),
            ("a number of outliers", outliers != 0),
        )
        if given
    ]
    if asked:
        raise InputError(f"{asked[0]} was given, and the model has several outputs: leave it out")


def terms_of(
    read: TrainedModel,
    y: object,
    against: str | Against,
    tolerance: ArrayLike | str,
    margin: float | str,
    share_of_range: float,
    numbers: Numbers,
) -> OutputsTerms | ClassesTerms:
    """Return what is asked for, numbers or classes, from the options of `sparsest.certify`."""
    if asks_for_classes(read, y, tolerance, margin):
        if share_of_range != SHARE_OF_RANGE:
            raise InputError(
                f"share_of_range = {share_of_range!r:.40}: a classifier has a margin, so leave it out"
            )
        return ClassesTerms(str(against), margin, numbers)
    if not is_auto(margin):
        raise InputError(f"margin = {margin!r:.40}: a tolerance is given as well, so leave one out")
    return OutputsTerms(str(against), tolerance, share_of_range, numbers)


class _OutputsCase:
    """A network, the question about it, and what is known so far."""

    def __init__(
        self,
        read: TrainedModel,
        question: OutputsQuestion | ClassesQuestion,
        means: OutputsMeans,
        deadline: Deadline,
    ) -> None:
        assert isinstance(read.network, MultiOutputNetwork)
        self.read, self.given, self.question, self.means = read, read.network, question, means
        self.problem, self.deadline = question.problem, deadline
        self.lower = 0
        self.network: MultiOutputNetwork | None = None
        self.result: MultiOutputResult | MultiClassResult | None = None
        self.proof_file: str | None = None
        self.attempts: list[Attempt] = []
        self.reduced, self.reductions = self.given, tuple[Reduction, ...]()

    @property
    def upper_bound(self) -> int | None:
        """Neurons of the sparsest network known to fit."""
        return None if self.network is None else self.network.count()

    @property
    def closed(self) -> bool:
        """Whether the bounds meet."""
        return self.upper_bound is not None and self.lower >= self.upper_bound

    def run(self) -> MultiOutputCertificate:
        if not self.given.interpolates(self.problem) and not all_surely_fit(self.problem, self.given):
            return self._certificate(
                Judgement.NOT_INTERPOLATING, self.question.said_of_misses(self.given), ""
            )
        self._offer(self.given)
        for step in (self._reduce, self._eliminate, self._bound):
            if self.deadline.expired:
                break
            try:
                step()
            except KeyboardInterrupt:
                self.deadline.interrupt()
        return self._verdict()

    # ------------------------------------------------------------ what is tried

    def _log(self, name: str, outcome: str, start: float) -> None:
        self.attempts.append(Attempt(name, outcome, self.deadline.seconds - start))

    def _tell(self, state: Progress) -> None:
        if self.means.progress is not None:
            self.means.progress(
                dataclasses.replace(
                    state,
                    lower_bound=max(self.lower, state.lower_bound or 0),
                    upper_bound=self.upper_bound,
                    seconds=self.deadline.seconds,
                )
            )

    def _offer(self, network: MultiOutputNetwork, *, proven: bool = False) -> None:
        """Take a network that provably fits and has fewer neurons than the best one."""
        count, best = network.count(), self.upper_bound
        if (best is not None and count >= best) or not (proven or all_surely_fit(self.problem, network)):
            return
        if count < self.lower:
            raise SolverError(
                f"a network fits with {counted(count, 'neurons')}, fewer than the claimed lower bound "
                f"{self.lower}: one side is wrong, please report this with the data"
            )
        self.network = network

    def _reduce(self) -> None:
        start = self.deadline.seconds
        self._tell(Progress("reductions", start))
        self.reduced, self.reductions = reduce_shared(self.problem, self.given)
        saved = sum(reduction.saved for reduction in self.reductions)
        self._offer(self.reduced)
        self._log("reductions", f"{saved} of {self.given.width} neurons are superfluous on the data", start)

    def _bound(self) -> None:
        """Search exactly for the rest of the time, with the best network known to begin with."""
        start, best = self.deadline.seconds, self.network or self.reduced
        limit = _EXACT * self.deadline.remaining
        size = self.problem.X.size * self.problem.n_outputs * max(best.width, 1)
        checked_in_floats = isinstance(self.problem, MultiClassProblem)
        result = solve(
            self.problem,
            time_limit=None if math.isinf(limit) else max(limit, 1e-3),
            progress=None if self.means.progress is None else self._tell,
            proof_file=self.means.proof_file,
            witness=best if checked_in_floats or size <= _MAX_WITNESS else None,
            workers=self.means.workers,
            executor=self.means.executor,
        )
        self.result = result
        self.lower = result.lower_bound
        if result.network is not None:
            self._offer(result.network, proven=True)
        if result.status is Status.INTERRUPTED:
            self.deadline.interrupt()
        if self.means.proof_file is not None and result.proof_written:
            self.proof_file = os.fspath(self.means.proof_file)
        upper = "unknown" if result.upper_bound is None else str(result.upper_bound)
        bounds = f"at least {counted(result.lower_bound, 'neurons')}, at most {upper}"
        if result.status is Status.OPTIMAL:
            bounds = f"exactly {counted(result.lower_bound, 'neurons')}"
        self._log("bounds", f"{bounds}: {result.status.sentence}, {counted(result.nodes, 'nodes')}", start)

    def _eliminate(self) -> None:
        start, best = self.deadline.seconds, self.network or self.reduced
        if not best.width:
            return
        self._tell(Progress("elimination from its own neurons", start))
        left = self.deadline.remaining
        limit = Deadline(None if math.isinf(left) else max(_ELIMINATION * left, 1e-3))

        def tell(smaller: MultiOutputNetwork) -> None:
            self._offer(smaller)
            self._tell(Progress("elimination from its own neurons", self.deadline.seconds))

        found = eliminate_shared(self.problem, best, limit, tell)
        outcome = "no neuron can go"
        if found.width < best.width:
            outcome = f"{counted(best.width, 'neurons')} became {found.width}"
        self._log("elimination from its own neurons", outcome, start)

    # ------------------------------------------------------------ what is said

    def _verdict(self) -> MultiOutputCertificate:
        handed, _ = self._to_hand_out()
        if handed is not None:
            # rounded to the given one's precision a network may have lost neurons, and still fit
            self._offer(handed, proven=True)
        count, best = self.given.count(), self.upper_bound
        strength = "proven in rational arithmetic" if self._proof is Proof.EXACT else "up to tolerances"
        low = f"{counted(self.lower, 'neurons')} {'is' if self.lower == 1 else 'are'}"
        if best is None:
            return self._certificate(
                Judgement.BOUNDED,
                f"the network fits up to rounding, and none is known that provably does; at least {low} "
                f"needed ({strength})",
                "give a tolerance that leaves room for rounding",
            )
        if best == 0:
            reason = "a network without neurons fits" + (f", where the network has {count}" if count else "")
            judgement = Judgement.SPARSER_EXISTS if count else Judgement.SPARSEST
            return self._certificate(judgement, reason, "")
        if self.lower >= count:
            reason = f"{count} neurons fit, and fewer do not ({strength})"
            return self._certificate(Judgement.SPARSEST, reason, "")
        remark = "" if self.closed else f"with more time the bounds {self.lower} and {best} may come closer"
        if self.deadline.interrupted:
            remark = joined("it was interrupted", remark)
        if best < count:
            fewer = self._said_of_fewer(strength)
            reason = f"{counted(best, 'neurons')} fit where the network has {count}, and {fewer}"
            return self._certificate(Judgement.SPARSER_EXISTS, reason, remark)
        reason = f"the network has {count} neurons, and at least {low} needed ({strength})"
        return self._certificate(Judgement.BOUNDED, reason, remark)

    def _said_of_fewer(self, strength: str) -> str:
        if self.closed:
            return f"fewer do not ({strength})"
        if self.lower == 0:
            return "fewer are not ruled out"
        return f"fewer than {self.lower} do not ({strength})"

    @property
    def _proof(self) -> Proof:
        return Proof.EXACT if self.result is None else self.result.proof

    def _to_hand_out(self) -> tuple[MultiOutputNetwork | None, str]:
        """Return the best network with numbers of the given one's precision, if those fit, and a remark."""
        if self.network is None or self.read.dtype == "float64":
            return self.network, ""
        try:
            narrow = rounded(self.network, self.read.dtype)
        except InputError:
            return self.network, f"its numbers are too large for {self.read.dtype}: store it as float64"
        if all_surely_fit(self.problem, narrow):
            return narrow, ""
        return self.network, f"rounded to {self.read.dtype} it misses a label: store it as float64"

    def _certificate(self, judgement: Judgement, reason: str, remark: str) -> MultiOutputCertificate:
        network, said = self._to_hand_out()
        if judgement is not Judgement.SPARSER_EXISTS:
            said = ""
        result = self.result
        return MultiOutputCertificate(
            judgement=judgement,
            reason=reason,
            status=None if result is None else result.status,
            lower_bound=self.lower,
            upper_bound=self.upper_bound,
            network=network,
            remark=joined(remark, said, "" if result is None else result.remark),
            affine=self.read.affine,
            source=self.read.source,
            dtype=self.read.dtype,
            samples=self.problem.n_samples,
            features=self.problem.n_features,
            against=self.question.against,
            asked=self.question.asked,
            count=self.given.count(),
            reduced_count=self.reduced.count(),
            reductions=self.reductions,
            proof=self._proof,
            proof_file=self.proof_file,
            grounds="" if result is None else result.grounds,
            attempts=tuple(self.attempts),
            seconds=self.deadline.seconds,
            options={"time_limit": self.means.time_limit, "workers": self.means.workers},
            folded=self.read.folded,
            problem=self.problem,
            given=self.given,
            **self.question.figures(self.read, self.given, network),
        )
