"""CPU time of `spec`, which the platform runs before anything else.

python benchmarks/spec.py
"""

from __future__ import annotations

from harness import Figure, leave, machine, measure, options

RUNS = 7


def main() -> None:
    """Run it a few times and print the least and the most."""
    arguments = options(__doc__).parse_args()
    runs = [measure(["spec"], {}) for _ in range(RUNS)]
    assert all(run.exit_code == 0 for run in runs)
    cpus, peak = sorted(run.cpu for run in runs), max(run.peak_mb for run in runs)
    print(f"{machine()}; spec: {cpus[0]:.2f} to {cpus[-1]:.2f} s CPU, peak {peak:.0f} MB")
    spread = f"median of {RUNS} runs: {cpus[0]:.2f} to {cpus[-1]:.2f}"
    leave(
        [
            Figure(what="`spec`, CPU", value=cpus[RUNS // 2], unit="s", most=0.2, remark=spread),
            Figure(what="`spec`, largest resident memory", value=peak, unit="MB"),
        ],
        arguments.json,
    )


if __name__ == "__main__":
    main()
