import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from lis_tui.core import events
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import Observation, Reply, ToolCall
from lis_tui.trajectory.exporting.exporter import Attachment, Exportable, ExportFormat, exporter
from tests import story
from tests.journals import started

PNG = b"\x89PNG\r\n\x1a\nrest"
NASTY = (
    '</pre><script>alert(1)</script><img src="http://evil.example/x" onerror="x()">'
    "\x1b]0;t\x07\x1b[31mred\x1b[0m"
)


class Page(HTMLParser):
    """Takes note of tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(records: list[Record], *attachments: Attachment) -> Page:
    run = Exportable(name="one", records=records, attachments=attachments)
    return Page(exporter("html")(run).data.decode())


def facts() -> list[Record]:
    return [record for record in story.ended() if record.n]


def test_every_step_folds_under_its_address_and_the_strip_leads_to_each() -> None:
    page = page_of(facts())
    ids = [given["id"] for tag, given in page.tags if tag == "details" and given.get("class") == "step"]
    links = [given["href"] for tag, given in page.tags if tag == "a" and "step" in str(given.get("href"))]
    proposed = [record.event for record in facts() if isinstance(record.event, events.StepProposed)]
    assert set(ids) >= {f"step-{one.address}" for one in proposed}
    assert links == [f"#{name}" for name in ids]
    assert page.open == []


def test_what_a_model_wrote_is_text_and_the_policy_lets_nothing_else_in() -> None:
    call = ToolCall("c", "execute_bash", '{"command": "</details><script>x</script>\\n2"}')
    here = StepAddress(1, 1)
    records = [
        *facts()[:2],
        Record(3, 1.0, events.ReplyFinished(turn=1, reply=Reply(text=NASTY, reasoning=NASTY, calls=(call,)))),
        Record(4, 2.0, events.StepProposed(address=here, call=call)),
        Record(5, 3.0, events.StepStarted(address=here, tool=call.name, arguments=call.arguments)),
        Record(
            6,
            4.0,
            events.StepFinished(
                address=here,
                call_id="c",
                tool=call.name,
                observation=Observation(text=NASTY, diff=f"+{NASTY}"),
            ),
        ),
    ]
    page = page_of(
        records, Attachment("a<b>.txt", 9, NASTY.encode()), Attachment("x.svg", 9, b"<svg onload='x()'/>")
    )
    assert not {"script", "svg", "iframe", "object", "link", "form"} & {tag for tag, _ in page.tags}
    assert not [name for _, given in page.tags for name in given if name.startswith("on") or name == "style"]
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "\x1b" not in page.text
    assert "\x07" not in page.text
    assert page.open == []


def test_the_policy_names_the_style_sheet_by_its_hash_and_forbids_the_network() -> None:
    run = Exportable(name="one", records=facts())
    source = exporter("html")(run).data.decode()
    found = re.search(r"<style>(.*?)</style>", source, re.DOTALL)
    assert found is not None
    digest = base64.b64encode(hashlib.sha256(found.group(1).encode()).digest()).decode()
    policy = next(given["content"] for tag, given in Page(source).tags if given.get("http-equiv"))
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_pictures_are_inside_and_what_is_too_large_is_named() -> None:
    run = Exportable(
        name="one",
        records=facts(),
        attachments=(Attachment("output/set.png", 12, PNG), Attachment("big.bin", 10**9)),
    )
    exported = exporter("html")(run)
    page = Page(exported.data.decode())
    (picture,) = [given for tag, given in page.tags if tag == "img"]
    assert picture["src"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert "big.bin" in page.text
    assert exported.lost == ("files too large to be put in: big.bin",)


def test_colours_of_an_output_are_classes_of_the_style_sheet() -> None:
    records = [
        Record(record.n, record.at, _coloured(record.event)) if record.n else record for record in facts()
    ]
    page = page_of(records)
    classes = {given.get("class") for tag, given in page.tags if tag == "span"}
    assert {"f1", "b f4"} <= classes


def _coloured(event: events.Event) -> events.Event:
    if not isinstance(event, events.StepFinished):
        return event
    seen = Observation(text="\x1b[31mred\x1b[0m \x1b[1;38;5;21mblue\x1b[0m plain")
    return events.StepFinished(address=event.address, call_id="c", tool=event.tool, observation=seen)


@pytest.mark.parametrize("to", ["html", "cast"])
def test_an_editor_call_that_cannot_be_read_has_no_nones(to: ExportFormat) -> None:
    call = ToolCall("c1", "str_replace_editor", '{"path": "/a", "command": "create", "file_text": "\\ud800"}')
    records = [
        Record(1, 1.0, started()),
        Record(2, 2.0, events.ReplyFinished(turn=1, reply=Reply(calls=(call,)))),
        Record(3, 2.0, events.StepProposed(address=StepAddress(1, 1), call=call)),
        Record(
            4,
            2.0,
            events.StepStarted(address=StepAddress(1, 1), tool=call.name, arguments=call.arguments),
        ),
    ]
    assert "None" not in exporter(to)(Exportable(name="one", records=records)).data.decode()
