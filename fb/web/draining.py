"""Draining: lets the server answer for some seconds after SIGTERM before it ends.

Meanwhile /readyz answers 503, so that a proxy sends new requests to another server. uvicorn by
itself closes its listener at once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger(__name__)


@contextmanager
def draining(
    seconds: float, begin: Callable[[], object], end: Callable[[], object]
) -> Iterator[None]:
    """Within this block, hold SIGTERM back from the server for ``seconds``; 0 changes nothing.

    ``begin`` is called at once, ``end`` before the server gets the signal. A second SIGTERM does
    not wait, and neither does Ctrl-C. Called where an event loop runs, in the main thread; in
    another thread it does nothing, since only the main one gets signals.
    """
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    server_handler = signal.getsignal(signal.SIGTERM)
    timer: asyncio.TimerHandle | None = None

    def pass_on() -> None:
        end()
        signal.signal(signal.SIGTERM, server_handler)
        signal.raise_signal(signal.SIGTERM)

    def drain() -> None:
        nonlocal timer
        if timer is not None:
            timer.cancel()
            pass_on()
            return
        timer = loop.call_later(seconds, pass_on)
        log.info("Pagekeeper is asked to stop, and ends in %(seconds)d s", {"seconds": seconds})
        begin()

    def handle(signal_number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(drain)  # between two steps of whatever runs now

    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        signal.signal(signal.SIGTERM, server_handler)
