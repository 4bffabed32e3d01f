"""The fold from a run's facts to the account of who did what."""

from collections.abc import Iterable

from lis_tui.core.events import Record
from lis_tui.core.reached import sums_of
from lis_tui.trajectory.account import Account
from lis_tui.trajectory.telling import replies, run, steps
from lis_tui.trajectory.telling.teller import Teller

_TELLINGS = run.tellings.by_kind | replies.tellings.by_kind | steps.tellings.by_kind
"""By kind of event. What is not here says nothing about who did what."""


def account_of(records: Iterable[Record], forks: Iterable[str] = ()) -> Account:
    """Tell a run by who did what."""
    teller = Teller()
    for record in records:
        telling = _TELLINGS.get(type(record.event))
        teller.at, teller.n = record.at, record.n
        if telling is not None:
            telling(teller, record.event)
    teller.account.forks = sorted(forks)
    teller.account.connections = sums_of(teller.connections)
    return teller.account
