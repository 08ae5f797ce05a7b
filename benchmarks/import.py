"""How fast a file of contacts with companies comes in, beside Odoo's own import."""

from benchmarks.harness import ADDON, STOCK, database, figure, workers

#: Lines of the file; five contacts share a company.
SIZES = {"small": 2_000, "full": 20_000}


def run(size: str) -> None:
    lines = SIZES[size]
    with (
        database(ADDON, "bench_import") as ours,
        database(STOCK, "bench_import_stock") as stock,
        workers(ours, stock) as (with_us, without),
    ):
        seconds = with_us.call("import_file", lines)
        seconds_again = with_us.call("import_file", lines)
        seconds_stock = without.call("load_file", lines)
    figure("import_lines_per_second", lines / seconds, "lines/s")
    figure("import_update_lines_per_second", lines / seconds_again, "lines/s")
    figure("import_stock_lines_per_second", lines / seconds_stock, "lines/s")
    figure("import_vs_stock_ratio", seconds / seconds_stock, "")
