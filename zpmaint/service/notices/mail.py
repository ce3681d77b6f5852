# SPDX-License-Identifier: GPL-2.0-only
"""A notice as a mail: of its list (RFC 2919), in the thread of its line (RFC 5322), handed to an
SMTP server."""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from zpmaint.core.service_table import MailTable, place_of
from zpmaint.core.shown import one_line, visible
from zpmaint.service.notices.news import Notice
from zpmaint.service.notices.waits import Answer, Told, of_smtp
from zpmaint.service.notices.webhook import address_of

_TIMEOUT = 30.0  # seconds, of each word of the talk
_LABEL = re.compile(r"[^a-z0-9-]+")


def message_of(
    one: Notice, table: MailTable, to: str, *, project: str, base_url: str, now: float
) -> EmailMessage:
    """The mail to one address. Its name is the notice's: who gets it twice sees it once. Pure."""
    domain = table.sender.rpartition("@")[2]
    made = EmailMessage(policy=SMTP)
    made["From"] = Address("zpmaint", addr_spec=table.sender)
    made["To"] = to
    made["Subject"] = one_line(f"[zpmaint {project}] {one.title}", 160)
    made["Date"] = formatdate(now)
    made["Message-ID"] = f"<{one.uuid}@{domain}>"
    root = f"<line-{_digest(project, one)}@{domain}>"
    made["In-Reply-To"] = root
    made["References"] = root
    made["List-Id"] = f"zpmaint {_label(project)} <{_label(project)}.zpmaint.{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    page = address_of(one, base_url)
    lines = [
        visible(one.words),
        "",
        f"patch set  {visible(one.patchset)}",
        f"line       {visible(one.line)}",
        *([f"kernel     {visible(one.version)}"] if one.version else []),
        *([f"before     {visible(one.before)}"] if one.before else []),
        *([f"page       {page}"] if page else []),
        "",
        "-- ",
        f"zpmaint serve, for {visible(project)}; this address is one of [[service.mail]] "
        f"{table.name} of its kernels.toml",
    ]
    made.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return made


def hand_over(message: EmailMessage, table: MailTable, secret: str) -> Told:
    """Give it to the server: what its reply means."""
    host, port = place_of(table.smtp)
    context = ssl.create_default_context()
    is_taken = False
    try:
        with (
            smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=context)
            if table.security == "tls"
            else smtplib.SMTP(host, port, timeout=_TIMEOUT)
        ) as server:
            if table.security == "starttls":
                server.starttls(context=context)
            if table.user:
                server.login(table.user, secret)
            server.send_message(message)
            is_taken = True
    except smtplib.SMTPRecipientsRefused as error:
        [(code, text)] = list(error.recipients.values())[:1]
        # The address itself, or greylisting of it: all notices would meet it.
        return of_smtp(code, _said(text), of_message=False)
    except smtplib.SMTPDataError as error:
        return of_smtp(error.smtp_code, _said(error.smtp_error), of_message=True)
    except smtplib.SMTPResponseException as error:
        if is_taken:
            return Told(Answer.TAKEN)
        return of_smtp(error.smtp_code, _said(error.smtp_error), of_message=False)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if is_taken:  # it went away without a good-bye
            return Told(Answer.TAKEN)
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Told(Answer.LATER, f"cannot be reached: {one_line(cause)}")
    return Told(Answer.TAKEN)


def _said(text: bytes | str) -> str:
    return one_line(text.decode("utf-8", "replace") if isinstance(text, bytes) else text, 200)


def _digest(project: str, one: Notice) -> str:
    # That nobody looks is of no line: it is a thread of its own.
    line = "" if one.kind == "service silent" else f"{one.patchset}\0{one.line}"
    return hashlib.sha256(f"{project}\0{line}".encode("utf-8", "replace")).hexdigest()[:32]


def _label(text: str) -> str:
    return _LABEL.sub("-", text.lower()).strip("-")[:63] or "project"
