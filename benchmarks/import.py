"""How fast a file of contacts with companies comes in, beside Odoo's own import."""

from benchmarks.harness import ADDON, STOCK, database, figure, workers

#: (lines of the file, lines for Odoo's own import); five contacts share a company.
SIZES = {"small": (2_000, 500), "full": (20_000, 4_000)}


def run(size: str) -> None:
    lines, lines_stock = SIZES[size]
    with (
        database(ADDON, "bench_import") as ours,
        database(STOCK, "bench_import_stock") as stock,
        workers(ours, stock) as (with_us, without),
    ):
        seconds = with_us.call("import_file", lines)
        seconds_again = with_us.call("import_file", lines)
        seconds_stock = without.call("load_file", lines_stock)
    figure("import_lines_per_second", lines / seconds, "lines/s")
    figure("import_again_lines_per_second", lines / seconds_again, "lines/s")
    figure("import_stock_lines_per_second", lines_stock / seconds_stock, "lines/s")
    figure(
        "import_vs_stock_ratio", (seconds / lines) / (seconds_stock / lines_stock), ""
    )
