"""Adam steps a CPU second on the talk's objective: `python adam.py jax`, `numpy`, `tensorflow`, or several of them.

Lengths may follow: `python adam.py jax numpy 90 1000`. One library a process is the honest way; `run_all.py` does so.
"""

import math
import sys

import common
from common import check_end, check_gradients, check_same, note, rate, report

import numpy as np

LENGTHS = [90, 1_000, 10_000, 100_000, 1_000_000]
BATCHES = [64, 256, 1_024]
# Of gradients, relative, where 2e-15 and 1.1e-6 were met; and where the talk's climb ends: position (4e-5, 9e-5), nats (4e-8, 2e-5).
DOUBLE, SINGLE = (1e-11, (2e-3, 1e-7)), (3e-5, (1e-2, 1e-3))
HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)  # a plain float: one of NumPy would turn JAX's single precision into double


class HandWritten:
    """The likelihood and its gradient in NumPy, with buffers that are used again: one pass of arrays a step."""

    def __init__(self, n):
        self.y, self.t = common.series(n), np.arange(1.0, n + 1)
        self.w, self.r, self.s, self.u = (np.empty(n) for _ in range(4))

    def gradient(self, position):
        mu1, mu2, sigma1, sigma2, tau = position.tolist()
        w, r, s, u = self.w, self.r, self.s, self.u
        np.subtract(self.t, tau, out=w)
        np.exp(w, out=w)  # infinity is right: its weight is 0
        np.add(w, 1.0, out=w)
        np.reciprocal(w, out=w)
        np.multiply(w, mu2 - mu1, out=r)
        r += self.y
        r -= mu2  # y - mu
        np.multiply(w, sigma1 - sigma2, out=s)
        s += sigma2
        np.reciprocal(s, out=s)  # 1 / sigma
        r *= s  # z, the standardised residual
        np.multiply(r, r, out=u)
        u -= 1.0
        u *= s  # by sigma: (z^2 - 1) / sigma
        r *= s  # by mu: z / sigma
        by_mu, by_sigma = w.dot(r), w.dot(u)
        of_mu, of_sigma = r.sum() - by_mu, u.sum() - by_sigma
        r *= mu1 - mu2
        u *= sigma1 - sigma2
        r += u
        np.multiply(w, w, out=s)
        w -= s  # the sigmoid's slope
        return np.array([by_mu, of_mu, by_sigma, of_sigma, w.dot(r)])

    def value_and_grad(self, position):
        mu1, mu2, sigma1, sigma2, tau = position
        with np.errstate(over="ignore"):
            grad, w = self.gradient(position), 1 / (1 + np.exp(self.t - tau))
        mu, sigma = w * mu1 + (1 - w) * mu2, w * sigma1 + (1 - w) * sigma2
        return np.sum(-HALF_LOG_2PI - np.log(sigma) - 0.5 * ((self.y - mu) / sigma) ** 2), grad

    def climb(self, position, steps):
        position, m, v = position.copy(), np.zeros(5), np.zeros(5)
        with np.errstate(over="ignore"):
            for step in range(1, steps + 1):
                g = self.gradient(position)
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                position += 1e-3 / (1 - 0.9**step) * m / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        return position


def bench_numpy(lengths):
    deck = HandWritten(90)
    check_gradients("numpy", deck.value_and_grad, DOUBLE[0])
    end = deck.climb(common.TALK_START, common.TALK_STEPS)
    check_end("numpy", end, deck.value_and_grad(end)[0], DOUBLE[1])
    for n in lengths:
        work = HandWritten(n)
        report("numpy-f64", n, 1, rate(lambda steps: work.climb(common.start(n), steps)))


def bench_jax(lengths):
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)
    adam = optax.adam(1e-3)

    def likelihood(p, y, t):
        w = jax.nn.sigmoid(p[4] - t)
        mu, sigma = w * p[0] + (1 - w) * p[1], w * p[2] + (1 - w) * p[3]
        return jnp.sum(-HALF_LOG_2PI - jnp.log(sigma) - 0.5 * ((y - mu) / sigma) ** 2)

    def climb(p, steps, y, t):
        def step(_, state):
            p, moments = state
            grad = jax.grad(lambda p: -likelihood(p, y, t))(p)
            updates, moments = adam.update(grad, moments)
            return optax.apply_updates(p, updates), moments

        return jax.lax.fori_loop(0, steps, step, (p, adam.init(p)))[0]

    value_and_grad = jax.jit(jax.value_and_grad(likelihood))
    one, many = jax.jit(climb), jax.jit(jax.vmap(climb, in_axes=(0, None, None, None)))
    for kind, tolerance, ends in [(jnp.float64, *DOUBLE), (jnp.float32, *SINGLE)]:
        name = f"jax-f{8 * kind.dtype.itemsize}"

        def data(n):
            return jnp.array(common.series(n), kind), jnp.arange(1, n + 1).astype(kind)

        def at(position, n=90):
            value, grad = value_and_grad(jnp.array(position, kind), *data(n))
            assert value.dtype == grad.dtype == kind
            return float(value), np.asarray(grad, np.float64)

        check_gradients(name, at, tolerance)
        for n in lengths:
            check_same(name, n, lambda p: at(p, n), HandWritten(n).value_and_grad, tolerance)
            measure(jax, name, one, jnp.array(common.start(n), kind), data(n), n, ends if n == 90 else None, at)
        for batch in BATCHES if 90 in lengths else []:
            rows = jnp.array(common.starts(90, batch), kind)
            measure(jax, name, many, rows, data(90), 90, ends if batch == BATCHES[0] else None, at)


def measure(jax, name, climb, begin, data, n, ends, value_and_grad):
    """Compile, check where the talk's start (the first row) ends, and time."""
    count = begin.size // 5
    compiling = common.cpu_seconds(lambda: jax.block_until_ready(climb(begin, 1, *data)))
    note(f"{name}, n = {n}, {count} starts: compiled in {compiling:.2f} CPU seconds, not counted below")
    if ends:
        end = np.asarray(climb(begin, common.TALK_STEPS, *data), np.float64).reshape(count, 5)[0]
        check_end(f"{name}, {count} starts", end, value_and_grad(end)[0], ends)
    report(name, n, count, rate(lambda steps: jax.block_until_ready(climb(begin, steps, *data)), count))


if __name__ == "__main__":
    words = sys.argv[1:]
    lengths = [int(word) for word in words if word.isdigit()] or LENGTHS
    peers = [word for word in words if not word.isdigit()] or ["jax", "numpy", "tensorflow"]
    packages = {"jax": ["jax", "jaxlib", "optax"], "numpy": ["numpy"], "tensorflow": ["tensorflow-cpu"]}
    for peer in peers:
        common.describe(*packages[peer])
        if peer == "tensorflow":
            from talk_loop import bench_tensorflow

            bench_tensorflow(lengths, HandWritten, SINGLE)
        else:
            {"jax": bench_jax, "numpy": bench_numpy}[peer](lengths)
