"""Runs the peers and, between them, our own benches on one core, and prints one table of ratios.

`python run_all.py --ours CMD --ours-tensor CMD [--rounds 3] [--lengths 90 1000]`; README.md says what the commands must
print. Ratios are taken within a round, where both figures met the same machine, and the median of the rounds counts.
"""

import argparse
import os
import statistics
import subprocess
import sys

import common
from common import note

HERE = os.path.dirname(os.path.abspath(__file__))
STEP_HEADER = "device,n,starts,steps,cpu_us_a_step,wall_us_a_step,start_steps_a_second"
SEGMENT_LENGTHS = 100_000  # ruptures takes minutes from there on


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--ours", metavar="CMD", help="prints name<TAB>n<TAB>starts<TAB>per_cpu_second lines")
    words.add_argument("--ours-tensor", metavar="CMD", help="prints what `cargo bench --bench step` prints")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--lengths", type=int, nargs="+", default=[90, 1_000, 10_000, 100_000, 1_000_000])
    words.add_argument("--against", nargs="+", default=[], metavar="NAME", help="peers to compare with as if they were ours")
    asked = words.parse_args()
    note("python run_all.py " + " ".join(sys.argv[1:]))
    rounds, ours = [], list(asked.against)
    for number in range(1, asked.rounds + 1):
        note(f"round {number} of {asked.rounds}, load {os.getloadavg()[0]:.1f}")
        found = {}
        for command, parse in jobs(asked):
            rates = parse(run(command))
            if not rates:
                sys.exit(f"error: no figure in what this printed: {command}")
            if isinstance(command, str):
                ours += [name for name, _, _ in rates if name not in ours]
            found.update(rates)
        rounds.append(found)
    table(rounds, ours)


def jobs(asked):
    """Commands of a round with the parser of each; ours, which are given as text, stand between the peers."""
    peer = [sys.executable, os.path.join(HERE, "adam.py")]
    lengths = [str(n) for n in asked.lengths]
    yield [*peer, "jax", *lengths], lines
    if asked.ours:
        yield asked.ours, lines
    yield [*peer, "numpy", *lengths], lines
    if asked.ours_tensor:
        yield asked.ours_tensor, step_csv
    yield [*peer, "tensorflow", *lengths], lines
    short = [n for n in lengths if int(n) <= SEGMENT_LENGTHS]
    if short:
        yield [sys.executable, os.path.join(HERE, "segment.py"), *short], lines


def run(command):
    """What it printed, which is printed again. It inherits the core; rayon is held to one thread."""
    note(f"$ {command}" if isinstance(command, str) else "$ python " + " ".join([os.path.basename(command[1]), *command[2:]]))
    environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
    done = subprocess.run(command, shell=isinstance(command, str), env=environment, capture_output=True, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        sys.exit(f"{done.stderr}\nerror: exit code {done.returncode}: {command}")
    return done.stdout


def lines(text):
    """`{(name, n, starts): per_cpu_second}` of the lines of the shared format; any other line is passed over."""
    rates = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) >= 4 and not line.startswith("#"):
            try:
                rates[fields[0], int(fields[1]), int(fields[2])] = float(fields[3])
            except ValueError:
                continue
    return rates


def step_csv(text):
    """The same of the first block of the tensor engine's CSV, by CPU time: start-steps a CPU second."""
    rates, inside = {}, False
    for line in text.splitlines():
        if line == STEP_HEADER:
            inside = True
        elif inside and not line.strip():
            break
        elif inside and not line.startswith("#"):
            device, n, n_starts, _, micros = line.split(",")[:5]
            rates[f"tensor-{device}", int(n), int(n_starts)] = int(n_starts) * 1e6 / float(micros)
    return rates


def table(rounds, ours):
    """A row a name, length and number of starts; a column a name of ours: how many times as fast it is."""
    keys = {key for found in rounds for key in found}
    print("\ntask\tn\tstarts\tname\tper_cpu_second", *(f"{name} is x times" for name in ours), sep="\t")
    for task in ["adam", "segment"]:
        rows = [key for key in keys if key[0].startswith("segment/") == (task == "segment")]
        for name, n, n_starts in sorted(rows, key=lambda key: (key[1], key[2], key[0] not in ours, key[0])):
            rates = [found[name, n, n_starts] for found in rounds if (name, n, n_starts) in found]
            cells = []
            for our in ours:
                comparable = our.startswith("segment/") == (task == "segment") and our != name
                pairs = [(found.get((our, n, n_starts)), found.get((name, n, n_starts))) for found in rounds]
                ratios = [mine / theirs for mine, theirs in pairs if comparable and mine and theirs]
                cells.append(f"{statistics.median(ratios):.3g}" if ratios else "-")
            print(task, n, n_starts, name, f"{statistics.median(rates):.4g}", *cells, sep="\t")


if __name__ == "__main__":
    main()
