"""Sign-in at an OpenID provider of another site in a real browser, by keyboard: alice and carol sign in, alice filters, copies
credentials, opens a console and requests a role, carol approves, both sign out.

    sign_in.py URL SCREENSHOTS SIGN_IN

URL is that of the page of roles, SIGN_IN the beginning of AWS's sign-in. The provider asks for a name alone. It needs PyPI's
`playwright` and the system's `chromium`. Prints OK, or what is wrong, and then ends with 1.
"""

import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

from playwright.sync_api import expect, sync_playwright

from visit import WIDTHS, Visit, another_site, check


class Person:
    """A browser profile, and the page in it."""

    def __init__(self, browser, options, name, scheme, width):
        self.name, self.options, self.scheme = name, options, scheme
        nobody = SimpleNamespace(user=None, header=None, sign_in=options.sign_in)
        self.visit = Visit(browser, nobody, color_scheme=scheme, viewport={"width": width, "height": 800},
                           locale="en-GB", ignore_https_errors=True)
        self.visit.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=options.origin)
        self.page = self.visit.page

    def shot(self, name):
        self.visit.shot(self.options.screenshots, f"sign-in-{self.scheme}-{name}")

    def sign_in(self, query=""):
        page = self.page
        response = page.goto(self.options.url + query)
        check(response.status == 401, f"without a session the page answers {response.status}")
        self.shot("before")
        self.visit.press_until("Tab", "a.first")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/authorize\?"))
        check(page.evaluate("document.referrer") == "", "the provider is told where one came from")
        page.keyboard.type(self.name)
        page.keyboard.press("Enter")
        page.wait_for_url(self.options.url + query)
        expect(page.locator("header")).to_contain_text(f"Signed in as {self.name}")

    def cookies(self):
        return {cookie["name"]: cookie for cookie in self.visit.context.cookies(self.options.url)}

    def sign_out(self):
        page = self.page
        page.goto(self.options.url)
        self.visit.press_until("Tab", "form.sign-out button")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/console/signed-out$"))
        expect(page.locator("h1")).to_have_text("Signed out")
        self.shot("signed-out")
        check(not [name for name in self.cookies() if "session" in name], "the cookie is still there")
        # The provider has forgotten its own session as well.
        self.visit.press_until("Tab", "a.first")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/authorize\?"))
        expect(page.locator("input[name=user]")).to_be_visible()

    def close(self):
        # The page without a session is a 401, which Chromium notes.
        told = [text for text in self.visit.complaints if "status of 401" not in text]
        check(not told, f"the browser complains: {told}")
        self.visit.context.close()


def check_cookie(person):
    name, cookie = next((name, cookie) for name, cookie in person.cookies().items() if "session" in name)
    check(not [name for name in person.cookies() if "portcullis-sign-in" in name], "the cookie of the sign-in is left")
    if urlsplit(person.options.url).scheme == "https":
        check(name.startswith("__Host-") and cookie["secure"] and cookie["path"] == "/", f"{cookie}")
    check(cookie["httpOnly"] and cookie["sameSite"] == "Lax", f"{cookie}")
    check(person.page.evaluate("document.cookie") == "", "scripts can read the cookie")
    kept = person.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    check("eyJ" not in kept and cookie["value"] not in kept, "the browser keeps a token")


def follow(browser, options, scheme, width):
    alice, carol = (Person(browser, options, name, scheme, width) for name in ("alice", "carol"))
    alice.sign_in("?q=production+reader")
    alice.shot("roles")
    check_cookie(alice)
    page = alice.page
    check(page.locator("section li:visible").count() == 1, "the link leads to its role")

    # A program's paths know no cookie.
    status = alice.visit.context.request.get(options.origin + options.api).status
    check(status == 401, f"the API takes the cookie: {status}")

    mine = 'section:has([name=account][value="production"]) [name=role][value="reader"]'
    alice.visit.press_until("Tab", f"{mine}[form]")
    with alice.visit.context.expect_page() as opened:
        page.keyboard.press("Enter")
    opened.value.wait_for_url(lambda url: url.startswith(options.sign_in))
    opened.value.close()
    alice.visit.press_until("Tab", f"{mine}:not([form])")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/credentials$"))
    expect(page.locator("#copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Copied")
    check("AWS_SESSION_TOKEN" in page.evaluate("navigator.clipboard.readText()"), "nothing was copied")
    alice.visit.press_until("Shift+Tab", 'button[name=format][value="profile"]')
    page.keyboard.press("Enter")
    expect(page.locator("[aria-pressed=true]")).to_have_text("Profile")

    page.goto(f"{options.url}/requests")
    alice.visit.press_until("Tab", "#reason")
    page.keyboard.type(f"ticket {scheme}")
    page.keyboard.press("Enter")
    expect(page.locator("section li").first).to_contain_text("Open, for 1 hour")
    alice.shot("requested")

    carol.sign_in()
    carol.page.goto(f"{options.url}/requests")
    carol.visit.press_until("Tab", "button[value=approve]")
    carol.page.keyboard.press("Enter")
    expect(carol.page.locator("section li").first).to_contain_text("Approved until")
    page.goto(options.url)
    expect(page.locator("section li", has_text="repair")).to_be_visible()
    carol.visit.press_until("Tab", "section li button[value=deny]")
    carol.page.keyboard.press("Enter")
    expect(carol.page.locator("section li").first).to_contain_text("Revoked by carol")

    # A page that was open before the session ended says so, and leads on.
    page.goto(options.url)
    session = {name: cookie for name, cookie in alice.cookies().items() if "session" in name}
    alice.visit.context.clear_cookies(name=next(iter(session)))
    alice.visit.press_until("Tab", f"{mine}:not([form])")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Your session has ended")
    alice.shot("ended")
    alice.visit.press_until("Tab", "a.first")
    page.keyboard.press("Enter")
    # The provider still knows alice, and asks nothing.
    page.wait_for_url(options.url)
    expect(page.locator("header")).to_contain_text("Signed in as alice")
    for person in (alice, carol):
        person.sign_out()
        person.close()


def from_elsewhere(browser, options):
    """Another site can neither send a form for the one who is signed in, nor sign anyone out."""
    fields = "<input name=account value=production><input name=role value=reader><input name=format value=shell>"
    for target in ("open", "credentials", "sign-out"):
        form = f'<form method=post action="{options.url}/{target}">{fields}</form>'
        mallory = Person(browser, options, "alice", "light", WIDTHS[0])
        mallory.sign_in()
        with another_site(form) as site:
            mallory.page.goto(site)
            with mallory.page.expect_response(lambda response: response.url.endswith(f"/console/{target}")) as answer:
                mallory.page.evaluate("document.forms[0].submit()")
            # `Lax` keeps the cookie away, so there is no session to do it in.
            check(answer.value.status == (403 if target == "sign-out" else 401), f"{target}: {answer.value.status}")
            # The response is there before the page is.
            mallory.page.wait_for_url(f"{options.url}/{target}")
            check("AWS_" not in mallory.page.content(), f"{target} from elsewhere got through")
        mallory.page.goto(options.url)
        expect(mallory.page.locator("header")).to_contain_text("Signed in as alice")
        mallory.visit.context.close()


def main():
    url, screenshots, sign_in = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    api = urlsplit(url).path.removesuffix("/console") + "/account"
    options = SimpleNamespace(url=url, screenshots=screenshots, sign_in=sign_in, origin=origin, api=api)
    screenshots.mkdir(parents=True, exist_ok=True)
    # A busy machine is no fault of the page's.
    expect.set_options(timeout=30_000)
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    check(program, "there is no chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be had by root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        for scheme, width in zip(("light", "dark"), WIDTHS, strict=True):
            follow(browser, options, scheme, width)
        from_elsewhere(browser, options)
        browser.close()
    print("OK")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"WRONG: {error}")
