"""How fast an existing database gets its persons."""

from benchmarks.harness import ADDON, database, figure, workers

SIZES = {"small": 20_000, "full": 1_000_000}


def run(size: str) -> None:
    with database(ADDON, "bench_persons") as name, workers(name) as (worker,):
        worker.call("make_contacts", SIZES[size], 0)
        made, seconds = worker.call("build_persons")
        figure("persons_built_per_second", made / seconds, "persons/s")
        figure("persons_built_seconds", seconds, "s")
