"""Sets the clock of a process that tests have started; see ``clock_environment`` in present.py."""

import os
import sys
import time

sys.modules["pytest"] = None  # type: ignore[assignment]  # time_machine would import it: 0.1 s

import time_machine  # noqa: E402

del sys.modules["pytest"]

time_machine.travel(
    time.time() + float(os.environ["PAGEKEEPER_TESTS_AHEAD_SECONDS"]), tick=True
).start()
