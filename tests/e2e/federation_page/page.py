"""The page of the federation door, in a real browser and by keyboard alone, in both themes.

    page.py URL SCREENSHOTS [--account A --role R] [--user NAME:PASSWORD] [--header 'NAME: VALUE'] [--sign-in PREFIX]

URL is that of the page (`http://127.0.0.1:8181/afp/console`), SCREENSHOTS a folder that may be missing yet. Whoever is
signed in must be granted at least six roles, or there is no filter. A and R, by default the last role of the last
account, are asked for, and what is copied is held against what the API answers for them. PREFIX is how the address of a
console begins, by default that of AWS; nothing is sent there: the script answers itself.

It needs PyPI's `playwright` and the system's `chromium`. Prints OK, or what is wrong, and then ends with 1.
"""

import argparse
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

from playwright.sync_api import expect, sync_playwright

from visit import WIDTHS, Visit, another_site, check

AWS = "https://signin.aws.amazon.com/federation"
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def rows(page):
    return [row for row in page.locator("section li").all() if row.is_visible()]


def read_by_sh(text):
    script = text + "\nprintf '%s\\n' " + " ".join(f'"${name}"' for name in VARIABLES)
    done = subprocess.run(["sh", "-c", script], env={}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def read_power_shell(text):
    return [re.search(rf"^\$Env:{name} = '([^']*)'$", text, re.MULTILINE).group(1) for name in VARIABLES]


def read_process(text):
    read = json.loads(text)
    check(read["Version"] == 1 and read["Expiration"].endswith("Z"), f"credential_process: {sorted(read)}")
    return [read[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]


def read_profile(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    (name,) = parser.sections()
    return [parser[name][variable.lower()] for variable in VARIABLES]


def by_keyboard(browser, options, scheme, width):
    visit = Visit(browser, options, color_scheme=scheme, viewport={"width": width, "height": 800}, locale="en-GB")
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=options.origin)
    page = visit.page
    response = page.goto(options.url)
    check(response.ok, f"the page answers {response.status}")
    check(page.locator("h1").count() == 1, "one heading")
    total = len(rows(page))
    visit.shot(options.screenshots, f"{scheme}-roles")

    # The filter has the focus.
    check(page.evaluate("document.activeElement.id") == "q", "the filter has not the focus")
    page.keyboard.type("no such role")
    expect(page.locator("#nothing")).to_be_visible()
    check(not rows(page), "roles are left that do not match")
    page.keyboard.press("Control+A")
    page.keyboard.type(f"{options.role.upper()} {options.account}")
    expect(page.locator("#nothing")).to_be_hidden()
    left = rows(page)
    check(0 < len(left) < total, f"{len(left)} of {total} roles are left")
    check(all(options.role in row.inner_text() for row in left), "another role is left")
    expect(page.locator("#count")).to_have_text(f"{len(left)} of {total} roles")
    page.keyboard.press("Enter")
    # A reload would find it again.
    page.wait_for_url(re.compile(r"\?q="))
    visit.shot(options.screenshots, f"{scheme}-filtered")

    # Open console.
    mine = f'section:has([name=account][value="{options.account}"]) [name=role][value="{options.role}"]'
    visit.press_until("Tab", f"{mine}[form]")
    with visit.context.expect_page() as opened:
        page.keyboard.press("Enter")
    console = opened.value
    console.wait_for_url(lambda url: url.startswith(options.sign_in))
    expect(console.locator("p")).to_have_text("signed in")
    check(console.evaluate("window.opener") is None, "the console can reach the page")
    url, headers = visit.signed_in[-1]
    check("Action=login" in url and "SigninToken=" in url, f"the address of the console: {url.split('?')[0]}")
    check("referer" not in headers, "the console is told where one came from")
    console.close()

    # Credentials, copied, in each format; and what the API says of them.
    role = f"/account/{quote(options.account)}/{quote(options.role)}"
    api = options.url.removesuffix("/console") + f"{role}/credentials"
    answer = visit.context.request.get(api)
    check(answer.ok, f"the API answers {answer.status}")
    wanted = [answer.json()[key] for key in ("AccessKeyId", "SecretAccessKey", "Token")]
    visit.press_until("Tab", f"{mine}:not([form])")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/credentials$"))
    formats = [("Shell", read_by_sh), ("credential_process", read_process), ("Profile", read_profile)]
    for label, read in [*formats, ("PowerShell", read_power_shell)]:
        if page.locator("[aria-pressed=true]").inner_text() != label:
            visit.press_until("Shift+Tab", f'button[name=format][value="{label.lower()}"]')
            page.keyboard.press("Enter")
            expect(page.locator("[aria-pressed=true]")).to_have_text(label)
        expect(page.locator("#copy")).to_be_focused()
        visit.shot(options.screenshots, f"{scheme}-{label}")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        check(read(copied) == wanted, f"{label}: what is copied is not what the API answers")
    page.locator("summary").click()
    visit.shot(options.screenshots, f"{scheme}-values")
    for at, value in enumerate(wanted):
        page.locator("[data-copy]").nth(at).click()
        page.wait_for_function("wanted => navigator.clipboard.readText().then(text => text === wanted)", arg=value)
    check(not any(part in page.url for part in wanted), "the address holds a secret")

    visit.press_until("Shift+Tab", "a")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console\?format=powershell$"))
    expect(page.locator("#format")).to_have_value("powershell")
    check(not visit.complaints, f"the browser complains: {visit.complaints}")
    visit.context.close()


def without_script(browser, options):
    visit = Visit(browser, options, java_script_enabled=False)
    page = visit.page
    page.goto(options.url)
    total = len(rows(page))
    page.locator("#q").fill(options.account)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?q="))
    check(0 < len(rows(page)) < total, "the filter needs the script")
    page.locator(f'[name=role][value="{options.role}"]:not([form]):visible').first.click()
    page.wait_for_url(re.compile(r"/console/credentials$"))
    check(page.locator("#copy").is_hidden() and "AWS_" in page.locator("#keys").input_value(), "credentials")
    with visit.context.expect_page() as opened:
        page.go_back()
        page.locator(f'[name=role][value="{options.role}"][form]:visible').first.click()
    opened.value.wait_for_url(lambda url: url.startswith(options.sign_in))
    visit.context.close()


def by_a_link(browser, options):
    """A link to a role and to a page of the console, as people pass them on."""
    visit = Visit(browser, options)
    destination = "https://eu-central-1.console.aws.amazon.com/s3/home"
    query = f"q={quote(options.account)}+{quote(options.role)}&destination={quote(destination, safe='')}&region=eu-west-1"
    visit.page.goto(f"{options.url}?{query}")
    check(len(rows(visit.page)) >= 1, "the link leads to no role")
    with visit.context.expect_page() as opened:
        visit.page.locator(f'[name=role][value="{options.role}"][form]:visible').first.click()
    opened.value.wait_for_url(lambda url: url.startswith(options.sign_in))
    url, _ = visit.signed_in[-1]
    check(quote(f"{destination}?region=eu-west-1", safe="") in url, "the console opens elsewhere")
    # The filter keeps both.
    visit.page.locator("#q").press_sequentially(" ")
    visit.page.wait_for_url(re.compile(r"destination=.*region=eu-west-1"))
    visit.context.close()


def from_elsewhere(browser, options):
    """Another site can neither send a form for the one who is signed in, nor show the page within its own."""
    fields = f'<input name=account value="{options.account}"><input name=role value="{options.role}">'
    for target in ("open", "credentials"):
        form = f'<form method=post action="{options.url}/{target}">{fields}<input name=format value=shell></form>'
        visit = Visit(browser, options)
        with another_site(form) as site:
            visit.page.goto(site)
            with visit.page.expect_response(lambda response: response.url.endswith(f"/console/{target}")) as answer:
                visit.page.evaluate("document.forms[0].submit()")
            check(answer.value.status == 403, f"{target} from elsewhere: {answer.value.status}")
            expect(visit.page.locator("h1")).to_have_text("Not allowed")
        check(not visit.signed_in and "AWS_" not in visit.page.content(), f"{target} from elsewhere got through")
        visit.context.close()
    visit = Visit(browser, options)
    if options.user:
        visit.prove_at_once(options.user)
    with another_site(f'<iframe src="{options.url}"></iframe>') as site:
        with visit.page.expect_request(options.url):
            visit.page.goto(site)
    check(visit.page.frames[1].locator("h1", has_text="AWS roles").count() == 0, "the page can be framed")
    check(any("frame-ancestors" in complaint for complaint in visit.complaints), f"framed: {visit.complaints}")
    visit.context.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("screenshots", type=Path)
    parser.add_argument("--account")
    parser.add_argument("--role")
    parser.add_argument("--user")
    parser.add_argument("--header", action="append")
    parser.add_argument("--sign-in", default=AWS)
    options = parser.parse_args()
    options.screenshots.mkdir(parents=True, exist_ok=True)
    options.origin = "{0.scheme}://{0.netloc}".format(urlsplit(options.url))
    # A busy machine is no fault of the page's.
    expect.set_options(timeout=30_000)
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    check(program, "there is no chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be had by root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        if not (options.account and options.role):
            visit = Visit(browser, options)
            visit.page.goto(options.url)
            form = visit.page.locator("section form").last
            options.account = form.locator("[name=account]").input_value()
            options.role = form.locator("button[name=role]").last.get_attribute("value")
            visit.context.close()
        for scheme, width in zip(("light", "dark"), WIDTHS, strict=True):
            by_keyboard(browser, options, scheme, width)
        without_script(browser, options)
        by_a_link(browser, options)
        from_elsewhere(browser, options)
        browser.close()
    print("OK")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"WRONG: {error}")
