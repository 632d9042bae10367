"""One hard switch between two Normal regimes, found exactly: searches a CPU second. `python segment.py [n ...]`.

The NumPy scan and ruptures' `normal` cost are the profile likelihood that `switchback_models::Profile` takes. KernelCPD is
ruptures' compiled search; it has no Normal cost, so it looks for a change of the mean alone (`l2`).
"""

import sys
import warnings

import common
from common import note, rate, report

import numpy as np
import ruptures

LENGTHS = [90, 1_000, 10_000, 100_000]
PATIENCE = 30.0  # CPU seconds that a search may be expected to take; the others are left out


def scan(y):
    """The best switch and its log-likelihood, from prefix sums of the centred series; two observations a side at least."""
    n = len(y)
    centred = y - y.mean()
    sums, squares = np.cumsum(centred), np.cumsum(centred * centred)
    k = np.arange(2.0, n - 1)
    before, of_before = sums[1 : n - 2], squares[1 : n - 2]
    variance1 = of_before / k - (before / k) ** 2
    variance2 = (squares[-1] - of_before) / (n - k) - ((sums[-1] - before) / (n - k)) ** 2
    cost = k * np.log(variance1) + (n - k) * np.log(variance2)
    best = int(np.argmin(cost))
    return best + 2, -0.5 * (cost[best] + n * np.log(2 * np.pi) + n)


def brute_force(y):
    """The same by the variance of every stretch."""
    n = len(y)
    costs = [s * np.log(y[:s].var()) + (n - s) * np.log(y[s:].var()) for s in range(2, n - 1)]
    best = int(np.argmin(costs))
    return best + 2, -0.5 * (costs[best] + n * np.log(2 * np.pi) + n)


def dynp(y):
    return ruptures.Dynp(model="normal", jump=1, min_size=2).fit(y).predict(n_bkps=1)[0]


def pelt(y):
    """Its default grid of every fifth place: not exact, and it also decides how many switches there are."""
    return ruptures.Pelt(model="normal", jump=5, min_size=2).fit(y).predict(pen=3 * np.log(len(y)))[0]


def kernel(y):
    return ruptures.KernelCPD(kernel="linear", min_size=2).fit(y).predict(n_bkps=1)[0]


# How many times longer a search takes on ten times the length, about.
SEARCHES = {
    "segment/numpy-scan": (lambda y: scan(y)[0], 10),
    "segment/ruptures-dynp-normal": (dynp, 30),
    "segment/ruptures-pelt5-normal": (pelt, 120),
    "segment/ruptures-kernelcpd-l2": (kernel, 100),
}


def check():
    """The scan against brute force and ruptures' own cost on the talk's points; every search finds the referee's s = 45."""
    y = common.series(90)
    (s, likelihood), (want, want_likelihood) = scan(y), brute_force(y)
    cost = ruptures.costs.CostNormal(add_small_diag=False).fit(y)
    theirs = -0.5 * (cost.error(0, s) + cost.error(s, 90) + 90 * np.log(2 * np.pi) + 90)
    assert s == want == 45, f"the scan finds {s}, brute force {want}"
    assert abs(likelihood - want_likelihood) < 1e-10 and abs(likelihood - theirs) < 1e-10
    assert scan(y[1:])[0] == 44, "a series that begins one later switches one earlier"
    for name, (search, _) in SEARCHES.items():
        assert search(y) == 45, f"{name} finds {search(y)} on the talk's points"
    note(f"every search finds s = 45 on the talk's points, at {likelihood:.6f} nats as brute force and ruptures' cost")


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="New behaviour in v1.1.5")
    lengths = sorted(int(word) for word in sys.argv[1:]) or LENGTHS
    common.describe("numpy", "ruptures")
    check()
    for name, (search, growth) in SEARCHES.items():
        last = None
        for n in lengths:
            y = common.series(n)
            if last and last[1] * growth ** np.log10(n / last[0]) > PATIENCE:
                note(f"{name}, n = {n}: left out, more than {PATIENCE:.0f} CPU seconds expected")
                continue
            found = []
            rates = rate(lambda times: found.extend(search(y) for _ in range(times)))
            assert set(found) == {n // 2}, f"{name}, n = {n}: found {set(found)}"
            last = n, 1 / rates[0]
            report(name, n, 1, rates)
