"""What the peers share: one core, one thread, CPU time, the series, and the tables that every objective is held to.

Import it before NumPy, JAX or TensorFlow: they read the number of threads when they are loaded.
"""

import os
import sys
import time

CORE = int(os.environ.get("PEERS_CORE", max(os.sched_getaffinity(0))))
os.sched_setaffinity(0, {CORE})  # inherited by every thread and program that is started later
for _name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)  # where it is set, it keeps NumPy from the processor's own kernels
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STRETCHES, STRETCH = 5, 0.4  # the median of so many stretches of about so many CPU seconds each
LONG = 2.0  # what takes longer than this many CPU seconds once is run once
TALK_START = np.array([0.0, 0.0, 2.0, 2.0, 15.0])  # mu1, mu2, sigma1, sigma2, tau
TALK_STEPS = 35_000


def series(n):
    """The talk's points at n = 90; else the law of `cargo bench --bench step`: from -1 to 5 halfway, noise within 2."""
    if n == 90:
        return _table("data/deck.csv")[:, 1]
    i = np.arange(n)
    return np.where(i < n // 2, -1.0, 5.0) + (i * 7919 % 1009) / 252.0 - 2.0


def start(n):
    """The talk's start, its tau at a sixth of the series."""
    return np.array([*TALK_START[:4], n / 6])


def starts(n, count):
    """Starts spread over the series as in `cargo bench --bench step`, after the talk's own."""
    rows = np.tile([0.0, 0.1, 2.0, 2.0, 0.0], (count, 1))
    rows[:, 4] = np.arange(1, count + 1) * n / (count + 1)
    rows[0] = start(n)
    return rows


def rate(run, units=1):
    """`units` a CPU second of `run(steps)`: the median, the lowest and the highest of the stretches.

    CPU time is user and system time of all threads of this process, so a busy machine slows it little.
    """
    steps, spent = 1, cpu_seconds(lambda: run(1))
    if spent > LONG:
        return (units / spent,) * 3
    spent = cpu_seconds(lambda: run(1))
    while spent < STRETCH / 8:
        steps *= 4
        spent = cpu_seconds(lambda: run(steps))
    steps = max(1, round(steps * STRETCH / spent))
    rates = sorted(steps * units / cpu_seconds(lambda: run(steps)) for _ in range(STRETCHES))
    return rates[STRETCHES // 2], rates[0], rates[-1]


def cpu_seconds(work):
    began = time.process_time()
    work()
    return time.process_time() - began


def report(name, n, n_starts, rates):
    """One line of the shared format: name, n, starts, units a CPU second, then the lowest and the highest."""
    print(name, n, n_starts, *(f"{value:.6g}" for value in rates), sep="\t", flush=True)


def note(text):
    print(f"# {text}", flush=True)


def describe(*packages):
    """Processor, core, load and versions, as comments."""
    from importlib.metadata import version

    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    note(f"{model}, core {CORE} of {os.cpu_count()}, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    note(", ".join(f"{name} {version(name)}" for name in packages))


def check_gradients(name, value_and_grad, tolerance, admits=lambda position: True):
    """`value_and_grad(position)` on the talk's points against the tables, relative to each row's largest number.

    The talk's start has its value in the table of paths, and its gradient from the definition. The same positions with
    tau one observation later must fail the check, or it would not see an index that is off by one.
    """
    rows = [row for row in _table("tests/data/deck_gradients_f64.csv") if admits(row[:5])]
    likelihood_at_start = _table("tests/data/deck_adam_f64.csv")[0, 6]
    rows.append(np.array([*TALK_START, likelihood_at_start, *_gradient(TALK_START)]))

    def apart(row, position):
        value, grad = value_and_grad(position)
        return np.max(np.abs(np.array([value, *grad]) - row[5:])) / np.max(np.abs(row[5:]))

    worst = max(apart(row, row[:5]) for row in rows)
    assert len(rows) > 10 and worst < tolerance, f"{name}: gradients differ by {worst:.1e} (allowed {tolerance:.0e})"
    shifted = min(apart(row, row[:5] + [0, 0, 0, 0, 1]) for row in rows[-1:] + rows[:2])
    assert shifted > 10 * tolerance, f"{name}: the check does not see tau one later ({shifted:.1e})"
    note(f"{name}: value and gradient agree at {len(rows)} positions, the talk's start among them, to {worst:.1e}")


def check_same(name, n, value_and_grad, truth, tolerance):
    """`value_and_grad` at the start of a longer series against another one that the tables have confirmed."""
    (value, grad), (want, want_grad) = value_and_grad(start(n)), truth(start(n))
    worst = np.max(np.abs(np.array([value - want, *(np.asarray(grad) - want_grad)]))) / np.max(np.abs([want, *want_grad]))
    assert worst < tolerance, f"{name}, n = {n}: differs by {worst:.1e} (allowed {tolerance:.0e})"


def check_end(name, position, likelihood, tolerances):
    """Where the talk's 35,000 Adam steps end, against the last row of the table of paths."""
    row = _table("tests/data/deck_adam_f64.csv")[-1]
    assert row[0] == TALK_STEPS
    apart = np.max(np.abs(np.asarray(position) - row[1:6])), abs(likelihood - row[6])
    assert apart[0] < tolerances[0] and apart[1] < tolerances[1], f"{name}: ends {apart} from the table's optimum"
    note(f"{name}: {TALK_STEPS} steps end {apart[0]:.1e} from the table's optimum, {apart[1]:.1e} nats from its likelihood")


def _gradient(position):
    """Gradient of the likelihood as it is defined, by complex steps: exact to rounding, and apart from every peer's code."""

    def likelihood(mu1, mu2, sigma1, sigma2, tau):
        y, t = series(90), np.arange(1, 91)
        w = 1 / (1 + np.exp(t - tau))
        mu, sigma = w * mu1 + (1 - w) * mu2, w * sigma1 + (1 - w) * sigma2
        return np.sum(-np.log(np.sqrt(2 * np.pi) * sigma) - (y - mu) ** 2 / (2 * sigma**2))

    return [likelihood(*(position + 1e-30j * axis)).imag / 1e-30 for axis in np.eye(5)]


def _table(path):
    return np.loadtxt(os.path.join(ROOT, path), delimiter=",", skiprows=1)
