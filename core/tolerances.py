"""Every numerical tolerance of the package, one name each, with the evidence for its value."""

from typing import Final

# A network meets an interval when it misses it by at most this, relative to the size of the terms that
# are added up on that sample. Networks re-solved on their own patterns reach some 1e-15; an LP solver's
# raw answer (1e-9) must not pass.
ROUNDING: Final = 1e-12

# Terms that cancel may make `ROUNDING` arbitrarily forgiving, so their size counts at most this many
# times the largest label: no accepted residual exceeds ROUNDING * CANCELLATION = 1e-9 of the labels.
CANCELLATION: Final = 1e3

# Primal and dual feasibility asked of every LP and MIP, on rows and columns scaled to about one. Big-M
# models "prove" false optima at the usual 1e-6 to 1e-7; at 1e-9 the known cases were right. HiGHS accepts
# nothing below 1e-10.
LP_FEASIBILITY: Final = 1e-9

# Integrality asked of MIP solvers; times the largest big-M it is the size of a weight that a binary at
# "zero" lets through.
MIP_INTEGRALITY: Final = 1e-9

# Entries of input data beyond this are refused: a product of two of them must stay a finite float.
MAX_MAGNITUDE: Final = 1e100

# Singular values below this share of the largest are rounding of a rank deficiency.
RANK_DEFICIENCY: Final = 1e-13

# Two hyperplanes count as one when their unit normals differ by at most this in every entry.
SAME_HYPERPLANE: Final = 1e-9

# A restart whose mean squared error, labels scaled to about one, is at most this is said to fit before the
# polish. Runs that lost a neuron they needed stop at 1/36 or 1/3 on peak-plateau; the others pass 1e-6.
TRAINED_LOSS: Final = 1e-5

# Products of floats below this may have lost digits to underflow, where no relative error bound holds; signs
# that hang on them are decided in integers. Well above the smallest normal float, 2e-308.
UNDERFLOW: Final = 1e-290

# Products |v w| at most this, relative to the network's largest, are not counted where a method leaves no
# exact zeros: Adam and AdamW. After 100,000 steps of AdamW on fifty features 5100 products were nonzero, 202
# above 1e-6 and 153 above 1e-4. In runs of the proximal loop with p < 1 it took away at most one product,
# in 2 records of 3400.
NEGLIGIBLE_WEIGHT: Final = 1e-6

# Lower and upper bound of a least path norm count as met when they differ by at most this, relative to the
# upper one. Path norms of different extreme points differ by percents; sums of powers round at some 1e-13.
PATH_NORM_GAP: Final = 1e-6
