"""Requests for access in a real browser, by keyboard: alice requests, carol approves and revokes.

    requests.py URL SCREENSHOTS

URL is that of the page of roles. Both users have the password `PASSWORD`. It needs PyPI's `playwright` and the system's
`chromium`. Prints OK, or what is wrong, and then ends with 1.
"""

import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

from playwright.sync_api import expect, sync_playwright

from visit import WIDTHS, Visit, another_site, check


def visit(browser, user, scheme, width):
    options = SimpleNamespace(user=f"{user}:PASSWORD", header=None, sign_in="https://signin.invalid/")
    return Visit(browser, options, color_scheme=scheme, viewport={"width": width, "height": 800}, locale="en-GB")


def follow(browser, url, folder, scheme, width):
    alice, carol = (visit(browser, user, scheme, width) for user in ("alice", "carol"))
    page = alice.page
    page.goto(url)
    alice.press_until("Tab", "a[href='console/requests']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/requests$"))
    alice.press_until("Tab", "#reason")
    page.keyboard.type(f"<b>ticket</b> {scheme}")
    page.keyboard.press("Enter")
    expect(page.locator("section li")).to_contain_text([f"<b>ticket</b> {scheme}"])
    expect(page.locator("section li").first).to_contain_text("Open, for 1 hour")
    check(page.url.endswith("/console/requests"), "a reload would send the form again")
    alice.shot(folder, f"{scheme}-requested")

    page = carol.page
    page.goto(f"{url}/requests")
    expect(page.locator("section h2").first).to_have_text("Waiting for your decision")
    carol.shot(folder, f"{scheme}-waiting")
    carol.press_until("Tab", "button[value=approve]")
    page.keyboard.press("Enter")
    expect(page.locator("section li").first).to_contain_text("Approved until")
    carol.shot(folder, f"{scheme}-approved")
    alice.page.goto(url)
    expect(alice.page.locator("section li", has_text="repair")).to_be_visible()

    carol.press_until("Tab", "section li button[value=deny]")
    page.keyboard.press("Enter")
    expect(page.locator("section li").first).to_contain_text("Revoked by carol")
    alice.page.goto(url)
    expect(alice.page.locator("section li", has_text="repair")).to_have_count(0)
    for one in (alice, carol):
        check(not one.complaints, f"the browser complains: {one.complaints}")
        one.context.close()


def from_elsewhere(browser, url):
    """Another site sends no form for the one who is signed in."""
    fields = "<input name=role value=production/repair><input name=seconds value=3600><input name=reason value=x>"
    alice = visit(browser, "alice", "light", WIDTHS[0])
    alice.prove_at_once("alice:PASSWORD")
    with another_site(f'<form method=post action="{url}/request">{fields}</form>') as site:
        alice.page.goto(site)
        with alice.page.expect_response(lambda response: response.url.endswith("/console/request")) as answer:
            alice.page.evaluate("document.forms[0].submit()")
        check(answer.value.status == 403, f"a request from elsewhere: {answer.value.status}")
    alice.context.close()


def main():
    url, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    # A busy machine is no fault of the page's.
    expect.set_options(timeout=30_000)
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    check(program, "there is no chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be had by root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        for scheme, width in zip(("light", "dark"), WIDTHS, strict=True):
            follow(browser, url, folder, scheme, width)
        from_elsewhere(browser, url)
        browser.close()
    print("OK")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"WRONG: {error}")
