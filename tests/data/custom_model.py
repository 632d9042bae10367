"""Mean and standard deviation of the slope in examples/custom_model.rs, by the trapezoid rule in four dimensions.

Needs numpy and scipy; about two minutes. Prints both for two grids, whose difference is the error.
"""

import csv
import pathlib

import numpy as np
from scipy.special import gammaln

path = pathlib.Path(__file__).parents[2] / "data" / "belgian_phone_calls.csv"
with open(path) as file:
    rows = [(float(row["year"]), float(row["calls"])) for row in csv.DictReader(file)]
x = np.array([year - 1961.5 for year, _ in rows])
y = np.array([calls for _, calls in rows])


def posterior(n_level, n_slope, n_sigma, n_nu):
    level = np.linspace(11.0, 19.0, n_level)
    slope = np.linspace(0.5, 1.9, n_slope)
    ln_sigma = np.linspace(np.log(0.03), np.log(40.0), n_sigma)
    ln_nu = np.linspace(np.log(0.08), np.log(30.0), n_nu)
    of_slope = np.zeros(n_slope)
    squares = (y - level[:, None, None] - slope[None, :, None] * x) ** 2
    lines = -0.5 * (level[:, None] / 100) ** 2 - 0.5 * (slope[None, :] / 10) ** 2
    shift = -115.0
    edge = 0.0
    for s in np.exp(ln_sigma):
        for nu in np.exp(ln_nu):
            # Half-normal(20) and gamma(2, 0.1), with d sigma = sigma d ln sigma.
            prior = -0.5 * (s / 20) ** 2 + np.log(nu) - 0.1 * nu + np.log(s) + np.log(nu)
            constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(s)
            ln_t = len(y) * constant - (nu + 1) / 2 * np.log1p(squares / (nu * s**2)).sum(axis=2)
            p = np.exp(ln_t + lines + prior - shift)
            of_slope += p.sum(axis=0)
            edge += p[0].sum() + p[-1].sum() + p[:, 0].sum() + p[:, -1].sum()
    of_slope /= of_slope.sum()
    mean = (of_slope * slope).sum()
    return mean, np.sqrt((of_slope * (slope - mean) ** 2).sum()), edge


for grid in [(80, 120, 30, 30), (120, 180, 40, 40)]:
    mean, sd, _ = posterior(*grid)
    print(grid, f"{mean:.6f} {sd:.6f}")
