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

#: Seconds that pass at most from when a worker took its last mail in hand until it is
#: killed: more than handing over one mail takes.
LONGEST_MOMENT = 0.02

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


import ctypes, mmap, psycopg2, random, signal, subprocess, time
from odoo.addons.email_marketing_crm.tools.delivery_handover import Handover
from tests.processes.forks import fork
randomness = random.Random({seed})
kills = {kills}
# How many mails each worker has taken in hand.
in_hand = (ctypes.c_int * {lanes}).from_buffer(mmap.mmap(-1, 4 * {lanes}))
announce = Handover.announce


def announce_and_count(self, delivery):
    announce(self, delivery)
    in_hand[own_number] += 1


Handover.announce = announce_and_count


def work_as(number):
    global own_number
    own_number = number
    work(number)


def start(number):
    in_hand[number] = 0
    [pid] = fork(work_as, [number])
    return pid


def has_ended(number):
    return bool(os.waitpid(workers[number], os.WNOHANG)[0])


def hands_over(number):
    # Waits until it has taken so many mails in hand; whether it does so before it ends.
    mails = randomness.randint(1, {most})
    while in_hand[number] < mails:
        if has_ended(number):
            return False
        time.sleep(0.0005)
    # Half of them die as soon as it is seen, half a moment later.
    time.sleep(max(0, randomness.uniform(-{longest}, {longest})))
    return not has_ended(number)


workers = {{number: start(number) for number in range({lanes})}}
done = 0
while workers and done < kills:
    number = randomness.choice(sorted(workers))
    if not hands_over(number):
        del workers[number]
    elif {breaks}:
        break_database(done)
        in_hand[:] = [0] * {lanes}
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
    seed: int = 20260304,
) -> dict[str, int]:
    """Send a mailing by two lanes whose workers are killed again and again.

    A worker is killed once it took a random number of mails in hand; they are few
    enough for all kills to happen before half of the mails are sent, however fast the
    machine is.

    :param breaks: what happens to PostgreSQL each time, while the workers live
    :param server: where the database is, if not where all are
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
                most=mails // (2 * LANES * kills),
                longest=LONGEST_MOMENT,
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
