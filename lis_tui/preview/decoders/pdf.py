"""Pages of a PDF document, as PDFium draws them; nothing that is in one runs."""

import pypdfium2
from PIL import Image

from lis_tui.preview.decoders import raster
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow, Pixels, Preview, Wanted

_POINTS_A_MM = 72 / 25.4
_LONGEST = 120
_PAPERS = {
    (148, 210): "A5",
    (210, 297): "A4",
    (297, 420): "A3",
    (420, 594): "A2",
    (594, 841): "A1",
    (841, 1189): "A0",
}
_PAPERS |= {(216, 279): "Letter", (216, 356): "Legal"}


def decode(file: File, wanted: Wanted) -> Preview:
    """Draw one page as large as is wanted."""
    with file.stream() as stream:
        document = _opened(stream)
        try:
            pages = len(document)
            if not pages:
                raise CannotShow("The PDF document has no pages.")
            place = min(max(wanted.page, 0), pages - 1)
            part, paper = _drawn(document, place, wanted)
            return Preview(
                kind="pdf",
                called="a PDF document",
                facts=_facts(document, pages, paper),
                parts=(part,),
                pages=pages,
            )
        finally:
            document.close()


def _opened(stream: object) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(stream)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise CannotShow("The PDF document is encrypted; it takes a password to see it.") from error
        raise CannotShow("This PDF document cannot be read: it is cut off or damaged.") from error


def _drawn(document: pypdfium2.PdfDocument, place: int, wanted: Wanted) -> tuple[Pixels, str]:
    try:
        page = document[place]
        width, height = page.get_size()
    except pypdfium2.PdfiumError as error:
        raise CannotShow(f"Page {place + 1} of the PDF document cannot be read.") from error
    if width <= 0 or height <= 0:
        raise CannotShow(f"Page {place + 1} of the PDF document has no size.")
    scale = min(wanted.width_px / width, wanted.height_px / height)
    # The longer side is what fits; a page that is a line must not become a million pixels long.
    image: Image.Image = page.render(scale=scale, may_draw_forms=False).to_pil()
    image = image.convert("RGBA")
    image.thumbnail((wanted.width_px, wanted.height_px))
    return raster.pixels(image, (round(width), round(height))), _paper(width, height)


def _paper(width: float, height: float) -> str:
    across, down = round(width / _POINTS_A_MM), round(height / _POINTS_A_MM)
    short, long = sorted((across, down))
    for (narrow, wide), name in _PAPERS.items():
        if abs(short - narrow) <= 1 and abs(long - wide) <= 1:
            return name if across <= down else f"{name} landscape"
    return f"{across}×{down} mm"


def _facts(document: pypdfium2.PdfDocument, pages: int, paper: str) -> tuple[str, ...]:
    said = document.get_metadata_dict(skip_empty=True)
    author = said.get("Author", "")[:_LONGEST].strip()
    facts = (
        "1 page" if pages == 1 else f"{pages} pages",
        paper,
        said.get("Title", "")[:_LONGEST].strip(),
        f"by {author}" if author else "",
    )
    return tuple(fact for fact in facts if fact)
