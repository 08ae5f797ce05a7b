"""``python -m dev.story``: play the story; exit status 0 when every number agreed."""

import argparse
import sys

from .acts import (
    build_journey,
    build_segments,
    check_consequences,
    follow_journey,
    hand_over,
    import_contacts,
    print_funnel,
    react,
    send_campaign,
)
from .client import OdooError
from .contacts import make_world
from .recipients import RecipientError
from .report import Report
from .stage import Place, StoryStopped, open_stage

SEED = 20

ACTS = (
    import_contacts.play,
    build_segments.play,
    send_campaign.plan,
    build_journey.play,
    send_campaign.play,
    react.play,
    check_consequences.play,
    follow_journey.play,
    hand_over.play,
    print_funnel.play,
)


def main(words: list[str]) -> int:
    """Play all acts and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dev.story", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(words)
    report = Report()
    try:
        place = Place.from_environment()
        world = make_world(options.seed)
        stage = open_stage(place, options.seed, world, report)
        for play in ACTS:
            play(stage)
    except StoryStopped as stopped:
        report.say(f"\n✗ {stopped}")
        return 1
    except OdooError as error:
        report.say(f"\n✗ Odoo says: {error}\n{error.trace}")
        return 1
    except (OSError, RecipientError) as error:
        report.say(f"\n✗ A server does not answer as it should: {error}")
        return 1
    return report.conclude()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
