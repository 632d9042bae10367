"""What a long series costs the program: seconds, processor seconds and memory beside the data, a row a command.

    python benches/long_series.py PROGRAM [ROWS ...]       default: 10000000 rows

Writes a series of two regimes (columns `t` and `x`, a seed that is fixed), lets PROGRAM read and fit it, and prints
comma-separated rows: elapsed seconds, processor seconds, the greatest resident memory in MB, and that memory over the
bytes of the file and over the 8 bytes of every value. It needs nothing but Python; Linux, for memory is told in kilobytes there.
"""

import os
import random
import subprocess
import sys
import tempfile
import time

SWITCH = 0.4


def write(path, rows):
    """Normal(0, 1), then Normal(0.5, 1.5) from 0.4 of the rows on."""
    draw = random.Random(20261128)
    switch = int(SWITCH * rows)
    with open(path, "w", encoding="utf-8") as file:
        file.write("t,x\n")
        for row in range(rows):
            value = draw.gauss(0.0, 1.0) if row < switch else draw.gauss(0.5, 1.5)
            file.write(f"{row},{value:.8f}\n")


def measure(command, folder):
    """Elapsed and processor seconds and the greatest resident memory in MB of one command that must end with 0 or 1."""
    started = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    elapsed = time.monotonic() - started
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def commands(program, path, rows):
    """What is measured, by name."""
    one = ["--regimes", "0,1"]
    yield "optimize", [program, "optimize", path, *one, "--quiet"]
    yield "optimize --starts 1", [program, "optimize", path, *one, "--quiet", "--starts", "1"]
    yield "exact", [program, "exact", path, *one]
    simulate = ["simulate", "--n", str(rows), "--mean", "0,0.5", "--sd", "1,1.5", "--output", "simulated.csv"]
    yield "simulate", [program, *simulate]


def main():
    program = os.path.abspath(sys.argv[1])
    lengths = [int(float(word)) for word in sys.argv[2:]] or [10_000_000]
    load = os.getloadavg()[0]
    print(f"# {time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores, load {load:.1f} before", flush=True)
    print("rows,command,seconds,cpu_seconds,memory_mb,memory_over_file,memory_over_values", flush=True)
    for rows in lengths:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "long.csv")
            write(path, rows)
            size = os.path.getsize(path) / 1e6
            for name, command in commands(program, path, rows):
                elapsed, cpu, memory = measure(command, folder)
                ratios = f"{memory / size:.2f},{memory / (8e-6 * rows):.2f}"
                print(f"{rows},{name},{elapsed:.2f},{cpu:.2f},{memory:.0f},{ratios}", flush=True)


if __name__ == "__main__":
    main()
