"""The pages that the viewer makes itself, and the policies that hold what a model made in its frame."""

import html
from collections.abc import Iterable, Sequence

from lis_tui.preview.medium import Medium

ALWAYS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=()",
}
"""In every answer."""
_OWN = {
    **ALWAYS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_STYLE = """
html,body{margin:0;height:100%}
body{display:flex;flex-direction:column;font:14px/1.5 system-ui,sans-serif;background:#16181d;color:#d6d9e0}
header{display:flex;gap:1em;padding:.3em .8em;white-space:nowrap;overflow:hidden}
header b{overflow:hidden;text-overflow:ellipsis}
header span{color:#8b92a1}
header a,ol a{color:#7aa2f7}
main{flex:1;min-height:0;display:flex;overflow:auto}
main>*{margin:auto;max-width:100%;border:0}
iframe{width:100%;height:100%;background:#fff}
video,img.fit{max-height:100%}
video{min-width:60%}
ol{margin:1em auto;padding:0 3em}
p{padding:2em}
"""
NOBODY = " 'none'"
_NO_WEB_RTC = (
    "<script>(()=>{"
    "for(const n of['RTCPeerConnection','webkitRTCPeerConnection','WebTransport'])"
    "try{Object.defineProperty(self,n,{value:undefined})}catch{}"
    "new MutationObserver(()=>{for(const f of document.querySelectorAll('iframe,object,embed'))f.remove()})"
    ".observe(document,{childList:true,subtree:true})"
    "})()</script>"
)
"""What no policy reaches in browsers without Connection-Allowlist: calls, and frames that a page makes."""


def start_of_page(beginning: bytes, *, has_network: bool) -> bytes:
    """Put ours before a page's first script, and after its doctype, which tells how it is laid out."""
    if has_network:
        return beginning
    place = _after_doctype(beginning)
    return beginning[:place] + _NO_WEB_RTC.encode() + beginning[place:]


def _after_doctype(beginning: bytes) -> int:
    start = beginning[:1024].lower()
    place = start.find(b"<!doctype")
    is_first = place >= 0 and not start[:place].removeprefix(b"\xef\xbb\xbf").strip()
    end = start.find(b">", place) if is_first else -1
    return end + 1 if end > 0 else 3 if start.startswith(b"\xef\xbb\xbf") else 0


def page_headers(own: str, *, has_network: bool) -> dict[str, str]:
    """Give what holds a page of a model's in its frame; `own` is the address below which its files lie.

    It has no origin of its own, so it reads nothing of this server or any other; it takes its pictures,
    scripts and styles from beside it, and sends nothing, unless the network is allowed.
    """
    web = " https:" if has_network else ""
    policy = [
        "sandbox allow-scripts",
        "default-src 'none'",
        f"script-src {own} 'unsafe-inline' 'unsafe-eval' data: blob:{web}",
        f"style-src {own} 'unsafe-inline' data: blob:{web}",
        f"img-src {own} data: blob:{web}",
        f"font-src {own} data: blob:{web}",
        f"media-src {own} data: blob:{web}",
        "worker-src blob:",
        f"connect-src{web or NOBODY}",
        "frame-src 'none'",
        "object-src 'none'",
        "manifest-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ]
    held = {
        **ALWAYS,
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if has_network:
        # Servers of map tiles answer nobody who does not say where he comes from; this says only the machine.
        return {**held, "Referrer-Policy": "origin"}
    return {**held, "Connection-Allowlist": f'("{own}*")'}


def content_headers(medium: Medium, own: str, *, has_network: bool) -> dict[str, str]:
    """Give what any file goes with."""
    if medium.way == "page":
        return page_headers(own, has_network=has_network)
    headers = {**ALWAYS, "Cross-Origin-Resource-Policy": "same-origin"}
    if medium.way == "pdf":  # browsers' own viewers are held by it too, and show nothing in a sandbox
        return {**headers, "Content-Security-Policy": "frame-ancestors 'self'"}
    held = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    return {**headers, "Content-Security-Policy": held}


def beside_headers(wanted_as: str) -> dict[str, str]:
    """Give what a file beside a page goes with. The page has no origin, so nothing is of the same one."""
    headers = {
        **ALWAYS,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    }
    if wanted_as in ("font", "script", "style"):  # asked for with an origin, which is `null`
        headers["Access-Control-Allow-Origin"] = "null"
    return headers


def own_headers(content: str, nonce: str) -> dict[str, str]:
    """Give what our own pages go with: they show what is below `content`, and go nowhere."""
    policy = [
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        f"frame-src {content}",
        f"img-src {content}",
        f"media-src {content}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    return {**_OWN, "Content-Security-Policy": "; ".join(policy)}


def wrapper(title: str, medium: Medium, content: str, nonce: str, *, has_network: bool) -> str:
    """Give the page that shows one file; `title` is its name, `content` its address."""
    facts = [medium.format.called]
    if medium.way == "page":
        facts.append("with the network" if has_network else "no network; lis-tui can allow it")
    return _page(title, _shown(medium, html.escape(content)), nonce, facts)


def _shown(medium: Medium, content: str) -> str:
    match medium.way:
        case "page":
            return f'<iframe sandbox="allow-scripts" src="{content}"></iframe>'
        case "text":
            return f'<iframe sandbox="" src="{content}"></iframe>'
        case "pdf":
            return f'<iframe src="{content}"></iframe>'
        case "picture":
            return f'<img class="fit" alt="" src="{content}">'
        case "video":
            return f'<video controls src="{content}"></video>'
        case "audio":
            return f'<audio controls src="{content}"></audio>'
        case "nothing":
            about = html.escape(medium.format.called)
            return (
                f'<p>No browser shows this: {about}. <a href="{content}?save" download>Save it here</a></p>'
            )


def index(title: str, entries: Sequence[tuple[str, str, str]], nonce: str) -> str:
    """Give the page that leads to several files: of each its name, its size in words and its address."""
    link = '<li><a href="{}">{}</a> <small>{}</small></li>'
    items = "".join(
        link.format(html.escape(address), html.escape(name), html.escape(size))
        for name, size, address in entries
    )
    return _page(title, f"<ol>{items}</ol>", nonce, ())


def _page(title: str, body: str, nonce: str, facts: Iterable[str]) -> str:
    name = html.escape(title)
    told = "".join(f"<span>{html.escape(fact)}</span>" for fact in facts)
    return (
        f"<!doctype html><html><head><title>{name}</title><style nonce={nonce}>{_STYLE}</style></head>"
        f"<body><header><b>{name}</b>{told}</header><main>{body}</main></body></html>"
    )
