"""`python -m benchmarks`: runs the groups and prints `name: value unit` lines.

`BENCH=name` runs one group; `SIZE=small|full` (default full) says how large the data
are. Figures are medians; a ratio compares two programs that took turns.
"""

import importlib
import os
import sys
import time

#: Groups in the order they run; each is a module with `run(size)`.
GROUPS = (
    "persons",
    "touchpoints",
    "overhead",
    "tracking",
    "mailing_list",
    "timeline",
    "segments",
    "delivery_plan",
    "import",
    "delivery",
)


def main() -> int:
    wanted = os.environ.get("BENCH")
    size = os.environ.get("SIZE") or "full"
    if size not in ("small", "full"):
        print("SIZE is small or full.", file=sys.stderr)
        return 2
    if wanted and wanted not in GROUPS:
        print(f"BENCH is one of: {', '.join(GROUPS)}.", file=sys.stderr)
        return 2
    for group in [wanted] if wanted else GROUPS:
        start = time.monotonic()
        print(f"# {group} ({size})", flush=True)
        importlib.import_module(f"benchmarks.{group}").run(size)
        print(f"# {group} took {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
