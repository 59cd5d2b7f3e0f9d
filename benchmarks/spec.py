"""CPU of `spec`, which the platform runs before anything else: `python benchmarks/spec.py`."""

from __future__ import annotations

from harness import machine, measure


def main() -> None:
    """Run it a few times and print the least and the most."""
    runs = [measure(["spec"], {}) for _ in range(7)]
    assert all(run.exit_code == 0 for run in runs)
    cpus = sorted(run.cpu for run in runs)
    print(f"{machine()}; spec: {cpus[0]:.2f} to {cpus[-1]:.2f} s CPU, peak {max(run.peak_mb for run in runs):.0f} MB")


if __name__ == "__main__":
    main()
