"""A certificate as one HTML page: no network access, no script, figures inside; for a browser or paper."""

from pathlib import Path
from typing import Final

import numpy as np

from sparsest.files import write_atomically
from sparsest.network import Network
from sparsest.plots import canvas
from sparsest.plots.html_parts import definitions, figure_of, note, page, section, sentence, table
from sparsest.problem import Problem
from sparsest.results.certificate import Certificate, Judgement
from sparsest.sentences import counted

# Colours of the verdicts.
_VERDICTS: Final = """
.sparsest { background: var(--good); } .not_interpolating { background: var(--bad); }
.sparser_exists, .bounded { background: var(--other); }
"""
# Most samples drawn one by one where there are more than two features.
_DRAWN: Final = 10_000
# Bounds that met within so many seconds are no picture.
_WORTH_DRAWING: Final = 1.0


def write_certificate_page(path: Path, found: Certificate, title: str) -> None:
    """Write the page of a certificate.

    Parameters
    ----------
    path : Path
        The .html file, written atomically.
    found : Certificate
        What to tell.
    title : str
        What it is called, and the data.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    write_atomically(path, certificate_page(found, title).encode())


def certificate_page(found: Certificate, title: str) -> str:
    """Return the page of a certificate as a text; see `write_certificate_page`."""
    sections = [
        _skill(found),
        section("The network and the question", definitions(_facts(found))),
        section("What it computes", _functions(found)),
        section("Neurons that the data do not need", _reductions(found)),
        section("Rows that are missed most", _misses(found)) if found.residual > 0 else "",
        section("What was tried", _attempts(found)) if found.attempts else "",
        section("Bounds over time", _bounds(found)) if _took_time(found) else "",
        section(
            f"The sparsest network known: {counted(found.network.width, 'neurons')}",
            _weights(found.network, found.problem),
        )
        if found.network is not None
        else "",
    ]
    verdict = found.judgement
    said = [f"{verdict.name}: {found.reason}", *([found.remark] if found.remark else [])]
    return page(title, _headline(found), said, sections, _VERDICTS, kind=str(verdict))


def _headline(found: Certificate) -> str:
    """Return the verdict in a few words that can be read from across a room."""
    what, count, upper = found.objective.value, found.count, found.upper_bound
    if found.judgement is Judgement.SPARSEST:
        return f"{counted(count, what)}, and no fewer would do"
    if found.judgement is Judgement.SPARSER_EXISTS and upper is not None:
        return f"{counted(upper, what)} {'does' if upper == 1 else 'do'} the work of {count}"
    if found.judgement is Judgement.BOUNDED:
        return f"{counted(count, what)}; at least {found.lower_bound} are needed"
    return "The network does not fit these data"


def _skill(found: Certificate) -> str:
    skill = found.skill_section
    if skill is None:
        return ""
    return section(sentence(skill.title).removesuffix("."), table(skill.table[0], skill.table[1:]))


def _facts(found: Certificate) -> list[tuple[str, str]]:
    what, upper = found.objective.value, found.upper_bound
    facts = [
        ("source", f"{found.source}, {found.dtype}"),
        ("compared with", f"networks with {found.affine.sentence}"),
        ("data", f"{counted(found.samples, 'samples')}, {counted(found.features, 'features')}"),
        *(("read", sentence) for sentence in found.folded),
        *([("asked", found.asked)] if found.asked else []),
        (
            "largest distance",
            f"{found.residual:.3g} in float64, {found.own_residual:.3g} in its own precision",
        ),
        found.allowed,
        (what, f"{found.count}; {found.reduced_count} after the reductions"),
    ]
    if found.judgement is not Judgement.NOT_INTERPOLATING:
        known = "unknown" if upper is None else str(upper)
        facts.append((f"fewest {what}", f"at least {found.lower_bound}, at most {known}"))
        facts.append(("the bounds rest on", found.proof.sentence))
    if found.outliers:
        facts.append(("rows missed", found.said_of_missed))
    if found.proof_file is not None:
        facts.append(("proof", f"{found.proof_file}, verified by: sparsest check {found.proof_file}"))
    if found.status is not None:
        facts.append(("the search ended", found.status.sentence))
    facts.append(("time", f"{found.seconds:.1f} s"))
    return facts


def _functions(found: Certificate) -> str:
    problem = found.problem
    if problem is None:
        return note("Not drawn: a certificate that was read from a file has no data.")
    if problem.n_features > 2 and problem.n_samples > _DRAWN:
        return note(f"Not drawn: {problem.n_samples} samples of {problem.n_features} features.")
    caption = {1: "Open marks are knots.", 2: "Lines are where neurons switch on."}.get(
        problem.n_features, ""
    )
    return figure_of(found.plot(), "The networks on the data. " + caption)


def _reductions(found: Certificate) -> str:
    if not found.reductions:
        return note("None: every neuron does something on the data that no other one does.")
    rows = [
        (str(each.kind), ", ".join(map(str, each.neurons)), each.sentence, str(each.saved))
        for each in found.reductions
    ]
    return table(("kind", "neurons", "why", "saved"), rows)


def _misses(found: Certificate) -> str:
    rows = [
        (str(miss.row), f"{miss.label:.8g}", f"{miss.value:.8g}", f"{miss.distance:.3g}")
        for miss in found.worst
    ]
    return table(("row", "asked for", "value", "distance"), rows)


def _attempts(found: Certificate) -> str:
    rows = [(each.name, each.outcome, f"{each.seconds:.2f}") for each in found.attempts]
    return table(("what", "what came of it", "seconds"), rows)


def _took_time(found: Certificate) -> bool:
    return len(found.trace) > 0 and found.seconds > _WORTH_DRAWING


def _bounds(found: Certificate) -> str:
    seconds, low, high = np.array(found.trace, dtype=np.float64).T
    seconds = np.append(seconds, max(found.seconds, float(seconds[-1])))
    with canvas.style():
        figure = canvas.new_figure(width=6.4, height=3.0)
        axes = figure.subplots()
        for values, label, color in ((high, "fits", "#d55e00"), (low, "at least", "#0072b2")):
            shown = np.append(values, values[-1])
            axes.step(
                seconds, np.where(np.isfinite(shown), shown, np.nan), where="post", label=label, color=color
            )
        axes.set(xlabel="seconds", ylabel=str(found.objective), ylim=(0, None))
        axes.legend(frameon=False)
    return figure_of(figure, "The fewest that are known to fit, and the number below which none does.")


def _weights(network: Network, problem: Problem | None) -> str:
    d = network.n_features
    plain = ["weight"] if d == 1 else [f"w{j + 1}" for j in range(min(d, 8))]
    own = None if problem is None else problem.feature_names
    names = ["output", *(plain if own is None else own[:8]), "bias"]
    rows = [
        (f"{v:+.8g}", *(f"{value:.6g}" for value in w[:8]), f"{b:.6g}")
        for v, w, b in zip(network.outputs, network.weights, network.biases, strict=True)
    ]
    body = table(names, rows) if rows else note("No neuron.")
    if network.affine is not None:
        slopes, constant = network.affine[:-1], network.affine[-1]
        shown = ", ".join(f"{value:.6g}" for value in slopes[:8]) + (", ..." if d > 8 else "")
        body += note(f"Affine term: {f'{shown} and ' if slopes.any() else ''}the constant {constant:.8g}.")
    return body + (note(f"{d - 8} more weights a neuron are not shown.") if d > 8 else "")
