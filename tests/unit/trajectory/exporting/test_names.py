from lis_tui.trajectory.exporting.exporter import Exportable, exporter
from lis_tui.trajectory.exporting.names import FORMATS
from tests import story


def test_every_format_that_is_offered_is_written() -> None:
    run = Exportable(name="one", records=[record for record in story.ended() if record.n])
    for name in FORMATS:
        assert exporter(name)(run).data, name
