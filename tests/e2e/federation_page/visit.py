"""What `page.py` goes about with: a browser profile that presses keys, and somebody else's site."""

import re
import threading
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# No page has more to tab through before what is looked for.
TABS = 60
# A desk's and a telephone's, in CSS pixels.
WIDTHS = (1200, 360)


def check(right, what):
    if not right:
        raise AssertionError(what)


class Visit:
    """One browser profile that is signed in, and what it complained of."""

    def __init__(self, browser, options, **context):
        if options.user:
            name, _, password = options.user.partition(":")
            context["http_credentials"] = {"username": name, "password": password}
        self.context = browser.new_context(**context)
        self.signed_in = []
        if options.header:
            pairs = (header.split(":", 1) for header in options.header)
            self.context.set_extra_http_headers({name.strip(): value.strip() for name, value in pairs})
        self.context.route(re.compile(re.escape(options.sign_in)), self.sign_in)
        self.complaints = []
        self.context.on("console", self.complain)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page = self.context.new_page()

    def prove_at_once(self, user):
        """Without being asked: Chromium gives no password to what another site shows in a frame."""
        basic = "Basic " + b64encode(user.encode()).decode()
        self.context.set_extra_http_headers({"Authorization": basic})

    def complain(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def sign_in(self, route):
        self.signed_in.append((route.request.url, route.request.all_headers()))
        route.fulfill(content_type="text/html", body="<!doctype html><title>Console</title><p>signed in</p>")

    def shot(self, folder, name):
        """In both widths; nothing may be wider than the window."""
        before = self.page.viewport_size
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": before["height"]})
            root = "document.documentElement"
            wide = self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth")
            check(not wide, f"{name}: wider than the window of {width}")
            self.page.screenshot(path=folder / f"{name}-{width}.png")
        self.page.set_viewport_size(before)

    def press_until(self, key, selector):
        """Presses a key until what has the focus matches; whatever has it on the way must show it."""
        for _ in range(TABS):
            self.page.keyboard.press(key)
            focus = self.page.evaluate(
                """selector => {
                    const at = document.activeElement, style = getComputedStyle(at);
                    return {
                        there: at.matches(selector), body: at === document.body, what: at.outerHTML.slice(0, 90),
                        shown: style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2,
                        seen: at.checkVisibility() && at.getBoundingClientRect().width > 1,
                    };
                }""",
                selector,
            )
            check(focus["body"] or (focus["shown"] and focus["seen"]), f"the focus cannot be seen on {focus['what']}")
            if focus["there"]:
                return
        raise AssertionError(f"{key} does not lead to {selector}")


@contextmanager
def another_site(body):
    """Really served: Chromium lets no page that comes from nowhere reach this machine."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
