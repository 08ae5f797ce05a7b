"""Lanes whose workers are killed at random while they hand mails over.

Used by the tests (few mails) and by `make bench` (many); see `benchmarks/delivery.py`.
"""

import collections
from collections.abc import Sequence

from benchmarks.harness import Sink
from dev import postgres
from tests.processes import campaign_story, odoo_process
from tests.processes.own_postgres import OwnPostgres

LANES = 2

#: Commands that do something to PostgreSQL, each after so many seconds.
Break = Sequence[tuple[float, list[str]]]

LAUNCH = """    mailing.marketing_sender_id.is_high_volume = {is_high_volume}
    mailing.action_launch()
"""

#: Workers: their lanes, as the crons run them, until nothing waits. Each ends when it
#: is killed or when all is done; one that is killed is started again.
WORKER = """
import logging
logging.disable(logging.CRITICAL)
odoo.tools.config["smtp_server"] = "127.0.0.1"
odoo.tools.config["smtp_port"] = {port}
odoo.sql_db.close_all()
WAITING = (
    "SELECT count(*) FROM marketing_delivery"
    " WHERE state IN ('planned', 'composed', 'sending')"
    " AND person_id %% {lanes} = %s"
)


def work(number):
    while True:
        try:
            is_done = run_lanes(number)
        except psycopg2.Error:  # the scheduler's next run finds another connection
            odoo.sql_db.close_all()
            time.sleep(0.05)
            continue
        if is_done:
            return


def run_lanes(number):
    with registry.cursor() as cr:
        env = environment(cr)
        for lane in env["marketing.lane"].search(
            [("kind", "in", ("compose", "smtp")), ("number", "=", number)]
        ):
            lane._run()
    with registry.cursor() as cr:
        # What a broken connection put off is taken at once.
        cr.execute(
            "UPDATE marketing_delivery SET due = now() - interval '1 minute'"
            " WHERE state IN ('planned', 'composed') AND person_id %% {lanes} = %s",
            [number],
        )
        cr.commit()
        cr.execute(WAITING, [number])
        return not cr.fetchone()[0]


def break_database(number):
    for seconds, command in {breaks}[number]:
        time.sleep(seconds)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    odoo.sql_db.close_all()


import mmap, psycopg2, random, signal, subprocess, time, traceback
randomness = random.Random({seed})
kills = {kills}
# A byte for each worker: whether it has begun to hand mails over.
begun = mmap.mmap(-1, {lanes})
begin = registry["marketing.handover"]._begin


def begin_and_tell(self, *args):
    journal = begin(self, *args)
    begun[own_number] = 1
    return journal


registry["marketing.handover"]._begin = begin_and_tell


def start(number):
    global own_number
    begun[number] = 0
    pid = os.fork()
    if pid:
        return pid
    own_number = number
    try:
        work(number)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def has_ended(number):
    return bool(os.waitpid(workers[number], os.WNOHANG)[0])


def hands_over(number):
    # Waits for it; whether it does so before it ends.
    while not begun[number]:
        if has_ended(number):
            return False
        time.sleep(0.002)
    time.sleep(randomness.uniform({shortest}, {longest}))
    return not has_ended(number)


workers = {{number: start(number) for number in range({lanes})}}
done = 0
while workers and done < kills:
    number = randomness.choice(sorted(workers))
    if not hands_over(number):
        del workers[number]
    elif {breaks}:
        break_database(done)
        begun[:] = bytes({lanes})
        done += 1
    else:
        os.kill(workers[number], signal.SIGKILL)
        os.waitpid(workers[number], 0)
        done += 1
        workers[number] = start(number)
for pid in workers.values():
    os.waitpid(pid, 0)
# What was in hand when the last of them died shows with the next run.
for number in range({lanes}):
    os.waitpid(start(number), 0)
print(done)
"""


def cut_connections(database: str) -> Break:
    """What a restart of PostgreSQL does to the workers: all connections are gone."""
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    )
    words = [f"{name}={value}" for name, value in postgres.connection().items()]
    psql = [postgres.program("psql"), "-X", "-q", "-d", "postgres", "-c", query]
    return [(0, ["env", *words, *psql])]


def run(
    database: str,
    *,
    mails: int,
    kills: int,
    is_high_volume: bool,
    breaks: Sequence[Break] = (),
    server: OwnPostgres | None = None,
    pause: tuple[float, float],
    seed: int = 20260304,
) -> dict[str, int]:
    """Send a mailing by two lanes whose workers are killed again and again.

    :param breaks: what happens to PostgreSQL each time, while the workers live
    :param server: where the database is, if not where all are
    :param pause: seconds from when a worker begins to hand mails over until it is
        killed, at least and at most
    :returns: numbers: kills, mails that were sent, are unknown, came twice (`doubled`),
        and that should have come and did not, or that nobody knows of (`missing`)
    """
    sink = Sink()
    try:
        output = odoo_process.run(
            database,
            campaign_story.prepare(
                mails,
                LAUNCH.format(is_high_volume=is_high_volume),
                LANES,
                lines=300,
            )
            + WORKER.format(
                port=sink.port,
                lanes=LANES,
                kills=kills,
                breaks=list(breaks),
                seed=seed,
                shortest=pause[0],
                longest=pause[1],
            ),
            timeout=3600,
            options=server.options if server else (),
        )
        taken = sink.addresses()
    finally:
        sink.close()
    happened = int(output.split()[-1])
    if happened < kills:
        raise AssertionError(f"All was sent after {happened} of {kills} kills.")
    states = collections.defaultdict(set)
    for address, state in postgres.sql(
        "SELECT email, state FROM marketing_delivery",
        database,
        server.connection if server else None,
    ):
        states[state].add(address)
    known = states["sent"] | states["unknown"]
    return {
        "kills": happened,
        "sent": len(states["sent"]),
        "unknown": len(states["unknown"]),
        "other": mails - len(known),
        "doubled": sum(count - 1 for count in taken.values()),
        "missing": mails - len(known) + len(states["sent"] - set(taken)),
    }
