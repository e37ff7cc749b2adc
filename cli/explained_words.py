"""What each word of a result means, and what to do next: the words of `sparsest explain`."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sparsest.affine import Affine
from sparsest.decimals import Numbers
from sparsest.objectives import Objective
from sparsest.results.certificate import Against, Judgement, ReductionKind
from sparsest.results.comparison import Attainment, Outcome
from sparsest.results.skill import Reference
from sparsest.results.solving import Proof, Status
from sparsest.sentences import Sentence


class Meaning(NamedTuple):
    """A word of a verdict.

    Attributes
    ----------
    word : str
        As it is printed.
    where : str
        What says it, in a few words.
    means, next : str
        Two sentences: what it means, and what to do.
    """

    word: str
    where: str
    means: str
    next: str


# Kinds of words, where each is said, and what to do about each member. Members of several kinds that have the
# same name are equal, so that each kind has a table of its own.
_KINDS: Final[Sequence[tuple[type[Sentence], str, Mapping[str, str]]]] = (
    (
        Status,
        "why a solver stopped",
        {
            "optimal": "Read the proof line for what that rests on; --proof FILE keeps a proof that "
            "others can check.",
            "finished": "It proves no minimum: `sparsest solve` bounds the count from below.",
            "time_limit": "The bounds printed hold: a longer --time-limit narrows them, and --checkpoint "
            "FILE with --resume goes on where the search was.",
            "node_limit": "The bounds printed hold: a larger --node-limit narrows them.",
            "interrupted": "The bounds printed hold: with --checkpoint FILE the same command and "
            "--resume goes on.",
            "numerical": "The bounds printed hold: scale the data, allow a --tolerance, or try another "
            "--method.",
        },
    ),
    (
        Proof,
        "what bounds rest on",
        {
            "exact": "Nothing is left to do: `sparsest check` verifies the file of --proof once more, "
            "without a solver.",
            "numerical": "Take the count for very likely rather than proven; --method tree verifies its "
            "steps.",
        },
    ),
    (
        Outcome,
        "verdict of `sparsest compare` on the counts",
        {
            "agree": "Nothing is left to do: this is a sparsest network, and training finds one.",
            "continuous_above": "Use the exact side's network; for training try more --restarts, another "
            "--seed or a smaller --p.",
            "exact_open": "Give it a longer --time-limit, or take the interval: a trained network that "
            "fits is its upper end.",
            "not_interpolating": "Allow a --tolerance, or train for longer: more --steps, more "
            "--restarts, a larger --width.",
            "disagree": "This is a bug of this project: report it with the problem and the verdict that "
            "were written to the current folder.",
        },
    ),
    (
        Attainment,
        "verdict of `sparsest compare` on the path norms",
        {
            "global": "Nothing is left to do: no network that fits has a smaller path norm, and none has "
            "fewer parts.",
            "local": "Try more --restarts or another --seed; `sparsest least` returns the better network.",
            "p_too_large": "Take a smaller --p: below p*, which `sparsest threshold` bounds, it cannot "
            "happen.",
            "open": "Give the bounds on the least path norm more seconds with --least-limit.",
        },
    ),
    (
        Judgement,
        "verdict of `sparsest certify`",
        {
            "not_interpolating": "See the rows that are named, train further, or allow a larger --tolerance.",
            "sparsest": "Keep your network: nothing smaller meets this tolerance, and --proof FILE keeps "
            "the proof.",
            "sparser_exists": "Take the smaller one: --network FILE writes it in the format of yours.",
            "bounded": "Read the interval, then give a longer --time-limit; --checkpoint FILE with "
            "--resume goes on.",
        },
    ),
    (
        Against,
        "what `sparsest certify` holds a network against",
        {
            "model": "Choose it to keep a network's behaviour, noise and all: fewer neurons are asked to do "
            "what it does.",
            "labels": "Choose it to ask for fewer neurons that are nowhere worse than the network or the "
            "tolerance.",
            "tolerance": "Choose it where the tolerance is what you need, whatever the network attains.",
        },
    ),
    (
        Reference,
        "what the figures of a network are about",
        {
            "labels": "Figures of rows that training saw say little of others: keep some rows apart.",
            "outputs": "Give the labels, if there are any, for figures of how good the networks are.",
        },
    ),
    (
        ReductionKind,
        "why `sparsest certify` can do without neurons",
        {
            "zero": "Drop them: the network is the same for every input.",
            "dead": "Drop them if only inputs like these samples matter: elsewhere they may switch on.",
            "duplicate": "Add them up: the network is the same for every input.",
            "always_linear": "Replace them by one or two neurons, or by the affine term: beyond the "
            "samples the function may change.",
            "mergeable": "Add them up: between and beyond the samples the function may change.",
        },
    ),
    (
        Affine,
        "affine term beside the neurons",
        {
            "none": "Choose constant for a network whose output has a bias, and skip where a straight "
            "line through the data should cost nothing.",
            "constant": "Choose it for networks of torch and scikit-learn, whose last layer has a bias.",
            "skip": "Choose it where a straight line through the data should cost nothing, as in the "
            "paper's theorems on one feature.",
        },
    ),
)

_OTHERS: Final = (
    (
        "verified",
        "`sparsest check` of a proof, and proof files of `sparsest regress`",
        "Every step was repeated in integers and holds.",
        "Compare the first line with what you wanted proven.",
    ),
    (
        "rejected",
        "`sparsest check` of a proof",
        "A step does not follow, or the proof is about other data.",
        "Read the sentence behind it: it names the place; give the data and options that the proof was "
        "made with.",
    ),
    (
        "missing",
        "proof files of `sparsest regress`",
        "The entry names a proof file that is not there.",
        "Restore it, or write a new one with --update.",
    ),
    (
        "failed",
        "proof files of `sparsest regress`",
        "The proof file does not prove what the entry states.",
        "Restore it, or write a new one with --update and see what changed.",
    ),
    (
        "left out",
        "proof files of `sparsest regress`",
        "The answer is known but its proof was too large to keep.",
        "Nothing is left to do: the answer is computed again at every run.",
    ),
    (
        "unchecked",
        "proof files of `sparsest regress`",
        "The run ended before this proof was looked at.",
        "Let the command finish.",
    ),
    (
        "error",
        "status of a run of `sparsest bench`",
        "The method refused the problem or raised an error.",
        "Read the column `error` of the table, which has the sentence.",
    ),
    (
        "killed",
        "status of a run of `sparsest bench`",
        "The method was still running after its limit and some grace.",
        "Its result does not count; give it a longer --time-limit, or report that it ignores limits.",
    ),
    (
        "crashed",
        "status of a run of `sparsest bench`",
        "The process of the run died, of a lack of memory for instance.",
        "Run that problem alone with fewer --workers.",
    ),
    (
        Objective.NEURONS,
        "what is counted",
        "Hidden units that are not zero.",
        "This is the default; --objective weights counts inputs too.",
    ),
    (
        Objective.WEIGHTS,
        "what is counted",
        "Products of an input weight and its output weight that are not zero, biases free.",
        "Choose it to drop inputs as well as neurons.",
    ),
    (
        Objective.PARAMETERS,
        "what is counted",
        "The same products, biases counted too.",
        "Choose it for the shortest description of the function.",
    ),
    (
        Numbers.AUTO,
        "what numbers stand for",
        "A column with few digits stands for its decimals, others for their binary floats.",
        "The report's last line says what was taken; --numbers decides.",
    ),
    (
        Numbers.DECIMAL,
        "what numbers stand for",
        "0.1 is 1/10 in every exact step.",
        "Choose it for tables that people typed.",
    ),
    (
        Numbers.BINARY,
        "what numbers stand for",
        "0.1 is the float next to it, in every exact step.",
        "Choose it for numbers that a program computed.",
    ),
)


# What results name as the method or the algorithm that ran: its name, what it does, what to do about it.
_PROVING: Final = "method of a proof"
_TRAINING: Final = "algorithm of training"
_METHODS: Final = (
    (
        "univariate",
        _PROVING,
        "One feature: a straightedge along the sorted samples, or two sweeps without a skip, and no search.",
        "Nothing is left to choose: --method tree gives the same count by a search.",
    ),
    (
        "tree",
        _PROVING,
        "The activation tree: which neurons are active on a sample is decided sample by sample, and a linear "
        "program closes what cannot be.",
        "It can be shared (--workers), kept (--checkpoint) and written as a proof (--proof).",
    ),
    (
        "mip",
        _PROVING,
        "A mixed-integer program over the cells of the samples, whose solver works within tolerances.",
        "Take --method tree for a proof that rests on no tolerance, where there is no weight bound.",
    ),
    (
        "directions",
        _PROVING,
        "Several outputs or classes: sums and differences of the outputs are networks of one output, and are "
        "bounded one by one.",
        "The note names the one that the lower bound rests on; a longer --time-limit tries more.",
    ),
    (
        "recursion",
        _PROVING,
        "One feature with a skip: the least path norm from left to right, in time linear in the samples.",
        "Nothing is left to do: its two bounds differ by rounding alone.",
    ),
    (
        "columns",
        _PROVING,
        "The least path norm at p = 1: one linear program, whose columns are neurons through samples, "
        "added as long as they make it cheaper.",
        "Nothing is left to do where both bounds met; otherwise a longer --time-limit brings them together.",
    ),
    (
        "branching",
        _PROVING,
        "Branch and bound on the least path norm: boxes of weights, each bounded by a linear program with "
        "chords below the powers.",
        "It can be shared (--workers), kept (--checkpoint) and written as a proof (--proof).",
    ),
    (
        "find",
        _TRAINING,
        "The search for few parts: descents and linear programs by turns, none of which proves anything.",
        "Give it another --seed or more --effort-limit; `sparsest solve` bounds the count from below.",
    ),
    (
        "auto",
        _TRAINING,
        "Linear programs over neurons through samples, reweighted towards a small path norm.",
        "Nothing is left to choose: on small problems it reaches the least path norm most often.",
    ),
    (
        "splitting",
        _TRAINING,
        "The same search by first-order steps alone, many starts at a time and without linear programs.",
        "Choose it where linear programs are too large; --algorithm auto is the default.",
    ),
    (
        "adam-reweighted",
        _TRAINING,
        "Gradient descent by Adam, with a proximal step of the reweighted l^1 norm after each step.",
        "Choose it to see what training finds; --restarts and --steps say how much of it.",
    ),
    (
        "proximal-gradient",
        _TRAINING,
        "Gradient steps of the loss, each with the exact proximal step of the l^p path norm.",
        "Choose it to see what training finds; --restarts and --steps say how much of it.",
    ),
    (
        "smoothed",
        _TRAINING,
        "Gradient descent by Adam on a smoothed path norm, whose width shrinks to zero.",
        "Choose it to see what training finds; --restarts and --steps say how much of it.",
    ),
    (
        "published",
        _TRAINING,
        "The training of Nakhleh and Nowak (2025), step by step as published.",
        "Choose it to repeat their experiments; --algorithm auto reaches smaller path norms.",
    ),
)


def _as_sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def meanings() -> list[Meaning]:
    """Return every word, those of one place together."""
    own = [
        Meaning(str(member), place, _as_sentence(member.sentence), following[member])
        for kind, place, following in _KINDS
        for member in kind
    ]
    return own + [Meaning(str(word), *rest) for word, *rest in (*_OTHERS, *_METHODS)]
