"""What the story says: one line per number, expected and observed."""

import sys
import time
from dataclasses import dataclass, field

LOG_PAUSE = 20
"""Seconds between two lines about one wait where nobody looks at a terminal."""


@dataclass
class Report:
    """Prints each number as it is observed, and remembers what did not agree."""

    failures: list[str] = field(default_factory=list)
    checked: int = 0
    _start: float = field(default_factory=time.monotonic)
    _last_progress: float = field(default_factory=time.monotonic)

    def chapter(self, title: str) -> None:
        """Open a chapter."""
        gone = time.monotonic() - self._start
        self.say(f"\n{title:<62}{gone:>10.0f} s")
        self.say(f"  {'':<44}{'expected':>14}{'observed':>14}")

    def check(self, what: str, expected: object, observed: object) -> bool:
        """Print a number with what it should be."""
        agrees = expected == observed
        self._line(what, str(expected), str(observed), agrees)
        return agrees

    def check_close(
        self, what: str, expected: float, observed: float, tolerance: float
    ) -> bool:
        """Print a measured value that may differ by rounding."""
        agrees = abs(expected - observed) <= tolerance
        self._line(what, f"{expected:.2f}", f"{observed:.2f}", agrees)
        return agrees

    def _line(self, what: str, expected: str, observed: str, agrees: bool) -> None:
        self.checked += 1
        sign = "✓" if agrees else "✗"
        self.say(f"{sign} {what:<44}{expected:>14}{observed:>14}")
        if not agrees:
            self.failures.append(f"{what}: expected {expected}, observed {observed}")

    def note(self, text: str) -> None:
        """Print something that is no number."""
        self.say(f"    {text}")

    def progress(self, text: str) -> None:
        """Show how far a wait is: always on a terminal, now and then in a log."""
        if sys.stdout.isatty():
            print(f"\r    {text:<72}", end="", flush=True)
        elif time.monotonic() - self._last_progress > LOG_PAUSE:
            self._last_progress = time.monotonic()
            self.note(text)

    def progress_done(self) -> None:
        """Remove what `progress` showed on a terminal."""
        self._last_progress = time.monotonic()
        if sys.stdout.isatty():
            print(f"\r{'':<78}\r", end="", flush=True)

    def say(self, text: str) -> None:
        """Print a line at once, also into a pipe."""
        print(text, flush=True)

    def conclude(self) -> int:
        """Say how it went and return the exit status."""
        gone = time.monotonic() - self._start
        agreed = self.checked - len(self.failures)
        self.say(f"\n{agreed} of {self.checked} numbers agree, {gone:.0f} s")
        for failure in self.failures:
            self.say(f"✗ {failure}")
        return 1 if self.failures or not self.checked else 0
