"""From bounds and networks to the verdict on a trained network, with the sentences that say so."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.compare.certification.bounds_so_far import MAX_EXACT, BoundsRecord, fits, without_outliers
from sparsest.compare.certification.given_network import Subject
from sparsest.compare.certification.question import Question
from sparsest.compare.certification.search import Ending
from sparsest.compare.reduce.superfluous_neurons import Reduced, reduce_network
from sparsest.errors import InputError
from sparsest.exact.lp.centred_network import centred
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.refine import refine
from sparsest.results.certificate import Against, Certificate, Judgement, Miss
from sparsest.results.skill import said_of_lost_skill
from sparsest.results.solving import Proof
from sparsest.sentences import counted, joined

# Samples named among those that are missed most.
_WORST: Final = 5
# Numbers in the linear program that moves a network to the middle of its intervals.
_MAX_PROGRAM: Final = 5_000_000
# Share of the labels' range from which on a tolerance is pointed out as coarse.
_COARSE: Final = 0.1

# A network, its residual in the given one's precision, and a remark.
Handed = tuple[Network | None, float | None, str]


@dataclasses.dataclass(frozen=True)
class Case:
    """A network, the question about it, and what is known.

    Attributes
    ----------
    subject : Subject
        The network.
    question : Question
        Data and tolerance.
    goal : Objective
        What is counted.
    record : BoundsRecord
        What is known.
    options : mapping
        To be kept with the verdict.
    """

    subject: Subject
    question: Question
    goal: Objective
    record: BoundsRecord
    options: Mapping[str, Any]

    @property
    def count(self) -> int:
        """Count of the network as it is."""
        return self.subject.network.count(self.goal)

    def reduce(self, *, proven: bool) -> Reduced:
        """Remove what the data do not need, and offer what is left; `proven` if the network fits exactly."""
        with self.record.attempt("reductions") as said:
            reduced = reduce_network(self.question.problem, self.subject.network)
            saved = sum(reduction.saved for reduction in reduced.reductions)
            said.append(f"{saved} of {self.subject.network.width} neurons are superfluous on the data")
        self.record.offer(self.subject.network, proven=proven)
        # the sums are exact, so what holds of the network's values holds of these
        problem, outliers = self.question.problem, self.question.outliers
        if reduced.network.interpolates(without_outliers(problem, reduced.network, outliers)):
            self.record.offer(reduced.network, proven=proven)
        return reduced

    def does_not_fit(self) -> Certificate:
        """Return the verdict on a network that misses a label."""
        worst = self._worst()[0]
        violation = self.subject.network.violation(self.question.problem)
        misses = int(np.count_nonzero(violation > 0))
        if self.question.margin is None:
            asked = f"misses {misses} of {len(violation)} labels by more than the tolerance "
            asked += f"{self.question.tolerance:.4g}"
            remark = 'tolerance="auto" judges it by what it attains itself'
        else:
            asked = f"has {misses} of {len(violation)} samples on the wrong side of the margin "
            asked += f"{self.question.margin:.4g}"
            remark = "" if self.question.chosen else 'margin="auto" judges it by what it attains itself'
        if self.question.outliers:
            asked += f", where {self.question.outliers} may be"
        reason = f"the network {asked}, that of row {worst.row} most, by {worst.distance:.3g}"
        if (repaired := self._repaired()) is not None:
            self.record.offer(repaired)
            fitting = "on its own activation patterns other numbers fit"
            remark = joined(f"{fitting}: they are in the network returned", remark)
        reduced = reduce_network(self.question.problem, self.subject.network)  # labels do not matter there
        handed, ending = self._hand_out(), Ending(remark=remark)
        return self._certificate(Judgement.NOT_INTERPOLATING, reason, reduced, ending, handed)

    def _repaired(self) -> Network | None:
        """Return the network, solved again on its own patterns, if that makes it fit."""
        problem, network = self.question.problem, self.subject.network
        if problem.X.size * max(network.width, 1) > MAX_EXACT:
            return None
        moved = refine(problem, network)
        return moved if fits(problem, moved, self.goal, self.question.outliers) else None

    def verdict(self, reduced: Reduced, ending: Ending) -> Certificate:
        """Return the verdict on a network that fits."""
        handed = self._hand_out()
        judgement = self._judgement()
        parts = (self._coarseness(), ending.remark, self._how_to_go_on(judgement))
        ending = dataclasses.replace(ending, remark=joined(*parts))
        reason = self._reason(judgement, _strength(ending.proof))
        return self._certificate(judgement, reason, reduced, ending, handed)

    def _reason(self, judgement: Judgement, strength: str) -> str:
        low, count, within = self.record.lower, self.count, self.question.fitting
        best = count if self.record.upper is None else min(count, self.record.upper)
        are = "is" if low == 1 else "are"
        if judgement is Judgement.NOT_INTERPOLATING:
            return (
                f"the network fits up to rounding, not exactly: an exact fit provably needs "
                f"{self._counted(low)}, and it has {count}"
            )
        if best == 0 and judgement is not Judgement.BOUNDED:
            said = f"a network without {self.goal.value} fits{within}"
            said += f", where the network has {count}" if count else ", and this is one"
        elif judgement is Judgement.SPARSEST:
            said = f"no network with fewer than {self._counted(count)} fits{within} ({strength})"
        elif judgement is Judgement.SPARSER_EXISTS:
            said = f"{self._counted(best)} fit{'s' * (best == 1)}{within} where the network has {count}"
            said += (
                f", and fewer do not ({strength})" if low == best else f", and at least {low} {are} needed"
            )
        else:
            said = f"at least {self._counted(low)} {are} needed{within}, "
            said += f"and none with fewer than {best} is known to fit"
        return joined(said, self.question.origin)

    def _judgement(self) -> Judgement:
        low, high = self.record.lower, self.record.upper
        if low > self.count:
            return Judgement.NOT_INTERPOLATING
        if high is not None and high < self.count:
            return Judgement.SPARSER_EXISTS
        # a network that fits up to rounding only is no proof that so many suffice
        if low == self.count and self.record.exactly:
            return Judgement.SPARSEST
        return Judgement.BOUNDED

    def _counted(self, count: int) -> str:
        what = self.goal.value
        return counted(count, what)

    def _coarseness(self) -> str:
        spread = float(np.ptp(self.question.targets))
        is_attained = self.question.chosen and self.question.against is Against.TOLERANCE
        if not is_attained or self.question.margin is not None or self.question.tolerance <= _COARSE * spread:
            return ""
        share = f"{100 * self.question.tolerance / spread:.0f} percent of " if spread else "beyond "
        return f"the tolerance is {share}the labels' range: a network that fits better would say more"

    def _how_to_go_on(self, judgement: Judgement) -> str:
        low, high = self.record.lower, self.record.upper
        if judgement is Judgement.NOT_INTERPOLATING or high is None or low >= high:
            return ""
        more = "a longer time limit may close the interval"
        if self.goal is Objective.NEURONS:
            more += "; with a checkpoint file the search continues where it ended"
        return more

    # ------------------------------------------------------------ figures

    def _certificate(
        self,
        judgement: Judgement,
        reason: str,
        reduced: Reduced,
        ending: Ending,
        handed: Handed,
    ) -> Certificate:
        record, subject, question = self.record, self.subject, self.question
        network, own_residual, remark = handed
        distance = self._distance
        given_skill = question.skill(subject.network)
        skill = None if network is None else question.skill(network)
        is_sparser = network is not None and network.count(self.goal) < self.count
        lost = said_of_lost_skill(given_skill, skill) if skill is not None and is_sparser else ""
        return Certificate(
            judgement=judgement,
            reason=reason,
            objective=self.goal,
            affine=subject.affine,
            source=subject.source,
            dtype=subject.dtype,
            samples=question.problem.n_samples,
            features=question.problem.n_features,
            residual=distance(subject.network(question.problem.X)),
            own_residual=distance(subject.predict(question.problem.X)),
            worst=self._worst(),
            tolerance=question.tolerance,
            tolerance_chosen=question.chosen,
            count=self.count,
            reduced_count=min(self.count, reduced.network.count(self.goal)),
            reductions=reduced.reductions,
            lower_bound=record.lower,
            upper_bound=record.upper,
            network=network,
            network_residual=None if network is None else distance(network(question.problem.X)),
            network_own_residual=own_residual,
            proof=ending.proof,
            proof_file=ending.proof_file,
            status=ending.status,
            remark=joined(lost, ending.remark, remark),
            attempts=tuple(record.attempts),
            trace=record.trace,
            seconds=record.deadline.seconds,
            options=self.options,
            folded=subject.folded,
            margin=question.margin,
            against=question.against,
            asked=question.asked,
            given_skill=given_skill,
            network_skill=skill,
            skill_lost=bool(lost),
            outliers=question.outliers,
            missed=self._missed(network),
            problem=question.problem,
            given=subject.network,
        )

    def _missed(self, network: Network | None) -> tuple[int, ...]:
        if network is None or not self.question.outliers:
            return ()
        problem = self.question.problem
        return tuple(np.flatnonzero(network.violation(problem) > network.allowance(problem)).tolist())

    def _distance(self, values: FloatArray) -> float:
        return float(np.max(self.question.distances(values)))

    def _worst(self) -> tuple[Miss, ...]:
        values = self.subject.network(self.question.problem.X)
        distance = self.question.distances(values)
        rows = np.argsort(-distance, kind="stable")[:_WORST]
        return tuple(
            Miss(int(i), float(self.question.targets[i]), float(values[i]), float(distance[i])) for i in rows
        )

    def _hand_out(self) -> Handed:
        """Return the network to hand out; it is known from then on, and its count with it."""
        handed = self._network_to_hand_out()
        if handed[0] is not None:
            # rounded to the given one's precision a network may have lost neurons, and still fit
            self.record.offer(handed[0])
        return handed

    def _network_to_hand_out(self) -> Handed:
        """Return the best network, its residual in the given one's precision, and a remark."""
        network = self.record.network
        if network is None:
            return None, None, ""
        X = self.question.problem.X
        if self.subject.dtype == "float64":
            return network, self._distance(network(X)), ""
        own, advice = self.subject.dtype, "store it as float64"
        try:
            rounded = self.subject.rounded(network)
            for candidate in (rounded, self.subject.rounded(self._centred(network))):
                if fits(self.question.problem, candidate, self.goal, self.question.outliers):
                    return candidate, self._distance(candidate(X)), ""
        except InputError:
            return network, None, f"its numbers are too large for {own}: {advice}"
        residual = self._distance(rounded(X))
        return network, residual, f"rounded to {own} it misses a label by {residual:.3g}: {advice}"

    def _centred(self, network: Network) -> Network:
        problem = without_outliers(self.question.problem, network, self.question.outliers)
        coordinates = Coordinates(problem)
        size = problem.n_samples * (network.width * coordinates.rows.shape[1]) * network.width
        if problem.is_interpolation or size > _MAX_PROGRAM:
            return network
        moved = centred(problem, coordinates, network)
        return network if moved.count(self.goal) > network.count(self.goal) else moved


def _strength(proof: Proof) -> str:
    return "proven in rational arithmetic" if proof is Proof.EXACT else "proven up to solver tolerances"
