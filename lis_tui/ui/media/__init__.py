"""How the parts of a preview are drawn: pictures, tables, outlines, texts, bytes."""
