"""Writes the draws and ArviZ's answers that tests/arviz.rs compares with.

    python -m venv venv && venv/bin/pip install arviz==1.3.0 arviz-stats==1.3.3 numpy==2.5.5 scipy==1.18.1
    venv/bin/python generate.py

Versions, as written to expected.csv: Python 3.13, arviz 1.3.0, arviz-stats 1.3.3, arviz-base 1.3.1, numpy 2.5.5,
scipy 1.18.1. Every case has its own fixed seed. One file a case, `<case>.csv`: a row a draw, a column a chain, so that
the decimal numbers are the draws themselves. `expected.csv`: case, measure, argument (a probability, a lag, a chain, or
nothing), value. The answers for importance ratios are those of another ArviZ: see generate_psis.py.
"""

import sys
import warnings
from pathlib import Path

import arviz as az
import arviz_base
import arviz_stats
import numpy as np
import scipy
from arviz_base import from_dict
from arviz_stats.base import array_stats

HERE = Path(__file__).parent
PROBABILITIES = [0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 0.95, 1.0]


def ar1(rng, n_chains, n_draws, phi):
    draws = np.empty((n_chains, n_draws))
    draws[:, 0] = rng.normal(size=n_chains) / np.sqrt(1 - phi**2)
    for t in range(1, n_draws):
        draws[:, t] = phi * draws[:, t - 1] + rng.normal(size=n_chains)
    return draws


def one_constant(rng):
    draws = rng.normal(size=(4, 100))
    draws[2] = 0.5
    return draws


def outlying_scale(rng):
    return rng.normal(size=(4, 150)) * np.array([[1.0], [1.0], [1.0], [6.0]])


CASES = {
    "well_mixed": lambda rng: rng.normal(size=(4, 500)),
    "stuck": lambda rng: rng.normal(size=(2, 100)) + np.array([[0.0], [10.0]]),
    "one_constant": one_constant,
    "outlying_scale": outlying_scale,
    "short": lambda rng: rng.normal(size=(2, 4)),
    "five_draws": lambda rng: rng.normal(size=(3, 5)),
    "eight_draws": lambda rng: rng.normal(size=(2, 8)),
    "ten_draws": lambda rng: ar1(rng, 2, 10, 0.5),
    "eleven_draws": lambda rng: ar1(rng, 2, 11, 0.5),
    "odd_length": lambda rng: ar1(rng, 3, 101, 0.3),
    "constant": lambda rng: np.full((4, 50), 3.0),
    "cauchy": lambda rng: rng.standard_cauchy(size=(4, 250)),
    "integers": lambda rng: np.floor(ar1(rng, 4, 200, 0.6)),
    "two_values": lambda rng: (ar1(rng, 4, 120, 0.7) > 0).astype(float),
    "antithetic": lambda rng: ar1(rng, 4, 250, -0.8),
    "autocorrelated": lambda rng: ar1(rng, 4, 500, 0.97),
    "trend": lambda rng: rng.normal(size=(2, 120)) + np.linspace(0, 2, 120),
    "skewed": lambda rng: rng.exponential(size=(4, 200)) ** 2,
    "offset": lambda rng: 1e6 + ar1(rng, 4, 150, 0.5),
    "single_chain": lambda rng: ar1(rng, 1, 300, 0.4),
}


def answers(draws):
    """Rows (measure, argument, value) from ArviZ's public interface."""
    for method in ("bulk", "mean", "sd"):
        yield f"ess_{method}", "", az.ess(draws, method=method)
    yield "ess_tail_at", "0.05", az.ess(draws, method="tail", prob=(0.05, 0.95))
    yield "r_hat", "", az.rhat(draws)
    yield "mcse_mean", "", az.mcse(draws, method="mean")
    yield "mcse_sd", "", az.mcse(draws, method="sd")
    for prob in PROBABILITIES:
        # The array interface, which takes a probability of zero.
        yield "ess_quantile", prob, array_stats.ess(draws, method="quantile", prob=prob)
        yield "mcse_quantile", prob, array_stats.mcse(draws, method="quantile", prob=prob)
        yield "quantile", prob, np.quantile(draws, prob)
    correlations = array_stats.autocorr(draws[0])
    for lag in sorted({0, 1, 2, 3, len(correlations) // 2, len(correlations) - 1}):
        yield "autocorrelation", lag, correlations[lag]
    for chain, ratio in enumerate(array_stats.bfmi(draws)):
        yield "e_bfmi", chain, ratio
    row = az.summary(from_dict({"posterior": {"x": draws}}), round_to="none").loc["x"]
    for column, value in row.items():
        yield f"summary.{column}", "", value


def main():
    modules = (az, arviz_stats, arviz_base, np, scipy)
    versions = ", ".join(f"{module.__name__} {module.__version__}" for module in modules)
    lines = [f"# {versions}, Python {sys.version.split()[0]}", "case,measure,argument,value"]
    for seed, (case, make) in enumerate(CASES.items(), start=20210601):
        # Six decimals keep the files small; ArviZ sees the rounded draws.
        draws = np.round(make(np.random.default_rng(seed)), 6)
        rows = "\n".join(",".join(repr(float(draw)) for draw in row) for row in draws.T)
        (HERE / f"{case}.csv").write_text(rows + "\n")
        for measure, argument, value in answers(draws):
            lines.append(f"{case},{measure},{argument},{float(value)!r}")
    (HERE / "expected.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
