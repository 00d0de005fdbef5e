"""Remake measurements: ``python -m experiments`` for all, or with the names of some.

Each one's results go to ``experiments/results/NAME.json``, with the command that remakes them and
the machine that they were measured on. Seeds are fixed, so only times differ from run to run; on
another machine floating-point rounding may change the learned results a little.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # as on the kept runs; read when torch is loaded

RESULTS = Path(__file__).parent / "results"
NAMES = ("speed", "prices", "digits", "missing", "agreement", "adding", "characters", "card")
"""From quick to slow; the last needs a graphics card, and is left out where there is none."""


def machine():
    """What the measurements run on, in words (dict)."""
    import torch

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "threads used": torch.get_num_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def main(arguments=None):
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    wanted = parser.parse_args(arguments).names
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        parser.error(f"no experiment {unknown[0]!r}; there are: {', '.join(NAMES)}")
    RESULTS.mkdir(exist_ok=True)
    for name in wanted or NAMES:
        experiment = importlib.import_module(f"experiments.{name}")
        if lacking := getattr(experiment, "missing", str)():
            if wanted:
                parser.error(f"{name} can't be measured: {lacking}")
            print(f"{name}: left out, since {lacking}", file=sys.stderr, flush=True)
            continue
        start = time.process_time()  # of this program alone, whatever else the machine does
        found = experiment.run()
        seconds = round(time.process_time() - start)
        kept = {"command": f"python -m experiments {name}", "machine": machine()}
        kept |= {"seconds": seconds, **found}
        text = json.dumps(kept, ensure_ascii=False, indent=1)
        (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {seconds} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
