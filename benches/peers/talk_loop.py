"""The talk's TensorFlow loop, in version 1's mode, and its train op alone. `adam.py tensorflow` runs it.

The switch is written as in the talk at n = 90. That form overflows in single precision where an observation lies 89 or
more behind tau, and its gradient is NaN from then on, so longer series take the stable `tf.sigmoid`.
"""

import tempfile
import time

import common
from common import check_end, check_gradients, check_same, note, rate, report

import numpy as np
import tensorflow

tf = tensorflow.compat.v1
tf.logging.set_verbosity(tf.logging.ERROR)


class TalkLoop:
    def __init__(self, n, directory):
        tf.disable_eager_execution()
        tf.reset_default_graph()
        x_all, time_all = common.series(n), np.arange(1, n + 1)
        begin = zip(["mu1", "mu2", "sigma1", "sigma2", "tau"], common.start(n))
        self.variables = [tf.Variable(value, name=name, dtype=tf.float32) for name, value in begin]
        mu1, mu2, sigma1, sigma2, tau = self.variables
        switch = 1.0 / (1 + tf.exp(tf.pow(time_all - tau, 1))) if n == 90 else tf.sigmoid(tau - time_all)
        mu = switch * mu1 + (1 - switch) * mu2
        sigma = switch * sigma1 + (1 - switch) * sigma2
        likelihood_arr = tf.log(tf.sqrt(1 / (2 * np.pi * tf.pow(sigma, 2)))) - tf.pow(x_all - mu, 2) / (
            2 * tf.pow(sigma, 2)
        )
        self.total_likelihood = tf.reduce_sum(likelihood_arr, name="total_likelihood")
        self.gradient = tf.gradients(self.total_likelihood, self.variables)
        self.opt_task = tf.train.AdamOptimizer().minimize(-self.total_likelihood)
        for variable in self.variables:
            tf.summary.scalar(variable.op.name, variable)
        tf.summary.scalar("likelihood", self.total_likelihood)
        self.merged_summary_op = tf.summary.merge_all()
        config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        self.session = tf.Session(config=config)
        self.writer = tf.summary.FileWriter(directory, graph=tf.get_default_graph())
        self.session.run(tf.global_variables_initializer())

    def loop(self, steps):
        """The talk's, its `print` left out."""
        with self.session.as_default():
            for step in range(steps):
                fetches = [self.total_likelihood, self.opt_task, self.merged_summary_op]
                _, _, summary = self.session.run(fetches)
                if step % 100 == 0:
                    self.total_likelihood.eval()
                    self.writer.add_summary(summary, step)

    def train(self, steps):
        for _ in range(steps):
            self.session.run(self.opt_task)

    def value_and_grad(self, position):
        for variable, value in zip(self.variables, position):
            variable.load(value, self.session)
        value, gradient = self.session.run([self.total_likelihood, self.gradient])
        return float(value), np.array(gradient, np.float64)

    def close(self):
        self.writer.close()
        self.session.close()


def opened(n, directory):
    began = time.process_time()
    work = TalkLoop(n, directory)
    work.loop(1)
    return work, time.process_time() - began


def bench_tensorflow(lengths, hand_written, tolerances):
    of_gradients, of_end = tolerances
    with tempfile.TemporaryDirectory() as directory:
        for n in lengths:
            work, first = opened(n, directory)
            note(f"tensorflow, n = {n}: graph and first step take {first:.2f} CPU seconds, not counted below")
            if n == 90:
                # The talk's form is finite where no observation lies 88 or more behind tau.
                check_gradients("tensorflow", work.value_and_grad, of_gradients, lambda position: 90 - position[4] < 88)
                work.value_and_grad(common.TALK_START)
                work.loop(common.TALK_STEPS)
                end, value = work.session.run([work.variables, work.total_likelihood])
                check_end("tensorflow, the talk's loop", end, value, of_end)
            else:
                check_same("tensorflow", n, work.value_and_grad, hand_written(n).value_and_grad, of_gradients)
            work.value_and_grad(common.start(n))
            report("tensorflow-loop-f32", n, 1, rate(work.loop))
            work.value_and_grad(common.start(n))
            report("tensorflow-op-f32", n, 1, rate(work.train))
            work.close()
