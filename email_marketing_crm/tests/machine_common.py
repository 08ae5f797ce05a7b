"""Stories that Hypothesis makes up, told with the real database."""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test


def run_stories(case, machine, examples, steps):
    """Let a machine tell stories to a test.

    The same ones each time; with `EMC_EXAMPLES` that many, and others each time.

    :param machine: class of a state machine; it finds the test as `case`
    :param examples: how many stories
    :param steps: how long a story is at the most
    """
    count = int(os.environ.get("EMC_EXAMPLES", examples))
    run_state_machine_as_test(
        type("Machine", (machine,), {"case": case}),
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            derandomize=count == examples,
            suppress_health_check=list(HealthCheck),
        ),
    )
