"""Runs the peers and, between them, our own benches on one core, and prints one table of ratios.

`python run_all.py --ours CMD --ours CMD [--rounds 3] [--lengths 90 1000]`; README.md says what the commands must print.
Ratios are taken within a round, where both figures met the same machine, and the median of the rounds counts.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys

import common
from common import note

HERE = os.path.dirname(os.path.abspath(__file__))
SEGMENT_LENGTHS = 100_000  # ruptures takes minutes from there on
TASKS = ["adam", "segment"]


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--ours", metavar="CMD", action="append", default=[], help="prints lines or CSV that README.md tells of; several times for several")
    words.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--lengths", type=int, nargs="+", default=[90, 1_000, 10_000, 100_000, 1_000_000])
    words.add_argument("--against", nargs="+", default=[], metavar="NAME", help="peers to compare with as if they were ours")
    asked = words.parse_args()
    note("python run_all.py " + " ".join(sys.argv[1:]))
    rounds, ours = [], list(asked.against)
    for number in range(1, asked.rounds + 1):
        note(f"round {number} of {asked.rounds}, load {os.getloadavg()[0]:.1f}")
        found = {}
        for command in jobs(asked):
            rates = figures(run(command))
            if not rates:
                sys.exit(f"error: no figure in what this printed: {command}")
            if isinstance(command, str):
                ours = list(dict.fromkeys(ours + [name for name, _, _ in rates]))
            found.update(rates)
        rounds.append(found)
    for task in asked.tasks:
        table(rounds, ours, task)


def jobs(asked):
    """Commands of a round; ours, which are given as text, stand between the peers."""
    lengths = [str(n) for n in asked.lengths]
    peers = []
    if "adam" in asked.tasks:
        adam = [sys.executable, os.path.join(HERE, "adam.py")]
        peers += [[*adam, name, *lengths] for name in ["jax", "numpy", "tensorflow"]]
    short = [n for n in lengths if int(n) <= SEGMENT_LENGTHS]
    if "segment" in asked.tasks and short:
        peers.append([sys.executable, os.path.join(HERE, "segment.py"), *short])
    for peer, own in itertools.zip_longest(peers, asked.ours):
        yield from [command for command in (peer, own) if command]


def run(command):
    """What it printed, which is printed again. It inherits the core; rayon is held to one thread."""
    note(f"$ {command}" if isinstance(command, str) else "$ python " + " ".join([os.path.basename(command[1]), *command[2:]]))
    environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
    done = subprocess.run(command, shell=isinstance(command, str), env=environment, capture_output=True, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        sys.exit(f"{done.stderr}\nerror: exit code {done.returncode}: {command}")
    return done.stdout


def figures(text):
    """`{(name, n, starts): per_cpu_second}` of what a bench printed: the shared format, or our own benches' CSV."""
    rates, columns = {}, []
    for line in text.splitlines():
        fields, found = line.split("\t"), {}
        if len(fields) >= 4 and not line.startswith("#"):
            try:
                found = {(fields[0], int(fields[1]), int(fields[2])): float(fields[3])}
            except ValueError:
                continue
        elif ",n," in line or line.startswith("n,") or not line.strip():
            columns = line.split(",")  # a header, or the end of a block
        else:
            found = row_of(dict(zip(columns, line.split(","))))
        if found.keys() & rates.keys():
            sys.exit(f"error: a second figure of the same name, n and starts: {line}")
        rates.update(found)
    return rates


def row_of(row):
    """The figure of a row of `cargo bench --bench step` (start-steps a CPU second), `--bench climb` or `--bench referee` (profiles
    of a series with a step); of others nothing.
    """
    if {"device", "starts", "cpu_us_a_step"} <= row.keys():
        name = f"tensor-{row['device']}-{row['expression']}"
        key = name, int(row["n"]), int(row["starts"])
        return {key: key[2] * 1e6 / float(row["cpu_us_a_step"])}
    if {"measure": "profile", "series": "step"}.items() <= row.items():
        return {("segment/profile", int(row["n"]), 1): 1 / float(row["cpu_seconds"])}
    talks = {"measure": "adam", "model": "normal 0-1", "estimate": "mle", "threads": "1", "unit": "start_steps_a_cpu_s"}
    if talks.items() <= row.items():
        return {("fused-f64", int(row["n"]), int(row["starts"])): float(row["value"])}
    return {}


def table(rounds, ours, task):
    """A row a name, length and number of starts; a column a name of ours: how many times as fast it is."""

    def belongs(name):
        return name.startswith("segment/") == (task == "segment")

    keys = {key for found in rounds for key in found if belongs(key[0])}
    ours = [name for name in ours if belongs(name)]
    print(f"\n{task}\tn\tstarts\tper_cpu_second", *(f"{name} is x times" for name in ours), sep="\t")
    for name, n, n_starts in sorted(keys, key=lambda key: (key[1], key[2], key[0] not in ours, key[0])):
        if name in ours and not any(key[1:] == (n, n_starts) and key[0] not in ours for key in keys):
            continue  # no peer did this
        rates = [found[name, n, n_starts] for found in rounds if (name, n, n_starts) in found]
        cells = []
        for our in ours:
            pairs = [(found.get((our, n, n_starts)), found.get((name, n, n_starts))) for found in rounds]
            ratios = [mine / theirs for mine, theirs in pairs if mine and theirs and our != name]
            cells.append(f"{statistics.median(ratios):.3g}" if ratios else "-")
        print(name, n, n_starts, f"{statistics.median(rates):.4g}", *cells, sep="\t")


if __name__ == "__main__":
    main()
