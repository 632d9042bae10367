"""Writes the importance ratios and ArviZ's answers that tests/psis.rs compares with.

    python -m venv venv && venv/bin/pip install arviz==0.23.4 numpy==2.4.6
    venv/bin/python generate_psis.py

A script beside generate.py, because `arviz.psislw` is the one function whose definition is taken from ArviZ 0.23.
Versions, as written to psis_expected.csv: Python 3.11, arviz 0.23.4, numpy 2.4.6. Every case has its own fixed seed. One
file a case, `psis_<case>.csv`: a row a draw, its log ratio and its smoothed log weight. `psis_expected.csv`: case, Pareto
k. No two ratios of a tail are equal, so that the order of the sort does not matter.
"""

import sys
import warnings
from pathlib import Path

import arviz as az
import numpy as np

HERE = Path(__file__).parent


def gaussian(rng, n, target_sd, approximation_sd):
    """Log ratios of two centred normals at draws of the second: k = 1 - (approximation_sd / target_sd)^2 in theory."""
    draws = rng.normal(size=n) * approximation_sd
    return 0.5 * (draws / approximation_sd) ** 2 - 0.5 * (draws / target_sd) ** 2


def pareto(rng, n, k):
    return k * rng.exponential(size=n)


def some_outside(rng):
    ratios = pareto(rng, 200, 0.5)
    ratios[::7] = -np.inf
    return ratios


def mostly_outside(rng):
    """The cut-off itself weighs 0, so that the least positive float takes its place."""
    ratios = np.full(200, -np.inf)
    ratios[:: 200 // 25] = pareto(rng, 25, 0.5)
    return ratios


CASES = {
    "light_tail": lambda rng: gaussian(rng, 300, 0.9, 1.0),
    "bounded": lambda rng: np.log(rng.uniform(size=250)),
    "exponential": lambda rng: np.log(rng.exponential(size=300)),
    "heavy_tail": lambda rng: pareto(rng, 500, 0.7),
    "no_mean": lambda rng: pareto(rng, 500, 1.8),
    "too_narrow": lambda rng: gaussian(rng, 500, 2.0, 1.0),
    "offset": lambda rng: pareto(rng, 250, 0.6) - 1e4,
    "far_apart": lambda rng: 300 * rng.normal(size=200),
    "one_draw_rules": lambda rng: np.append(rng.normal(size=99), 700.0),
    "short": lambda rng: pareto(rng, 12, 0.5),
    "twenty": lambda rng: pareto(rng, 20, 0.5),
    "twenty_one": lambda rng: pareto(rng, 21, 0.5),
    "twenty_four": lambda rng: pareto(rng, 24, 0.5),
    "two": lambda rng: pareto(rng, 2, 0.5),
    "constant": lambda rng: np.full(60, -2.5),
    "some_outside": some_outside,
    "mostly_outside": mostly_outside,
    "all_outside": lambda rng: np.full(40, -np.inf),
    "not_a_number": lambda rng: np.append(pareto(rng, 40, 0.5), np.nan),
}


def main():
    versions = f"arviz {az.__version__}, numpy {np.__version__}, Python {sys.version.split()[0]}"
    lines = [f"# {versions}", "case,pareto_k"]
    for seed, (case, make) in enumerate(CASES.items(), start=20240725):
        # Twelve decimals: no ties, and ArviZ sees the rounded ratios.
        ratios = np.round(make(np.random.default_rng(seed)), 12)
        weights, k = az.psislw(ratios, reff=1.0)
        rows = (f"{float(ratio)!r},{float(weight)!r}" for ratio, weight in zip(ratios, weights))
        (HERE / f"psis_{case}.csv").write_text("\n".join(rows) + "\n")
        lines.append(f"{case},{float(k)!r}")
    (HERE / "psis_expected.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
