"""Messages to people: queued with the change they tell of, sent afterwards, each once.

A message is claimed with a lease, sent outside any transaction and then marked. A sender that is
killed in between leaves the lease to run out; the repeat carries the same Message-ID. A message with
papers waits until they are drawn.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import connection, models, transaction
from django.db.models.functions import Now

from oms.core import activity, cases, jobs
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.failpoints import failpoint
from oms.core.models.message import Message, MessageAttachment
from oms.core.models.paper import Paper
from oms.core.papers import read_paper

SEND_TASK = "oms.core.tasks.send_message"
QUEUE = "messages"
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 10
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)

# These speak of the server or its settings, not of the message: worth another try after a repair.
_ABOUT_THE_SERVER = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
)


class MessageRefused(Refusal):
    """The message cannot be sent to anybody as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file for a message: a paper (drawn by the time it is sent), or a text of this type."""

    name: str
    paper_id: int | None = None
    text: str = ""
    content_type: str = "application/pdf"


@transaction.atomic
def queue_message(
    *,
    dedupe_key: str,
    to_address: str,
    subject: str,
    text: str,
    actor: Actor,
    html: str = "",
    document_kind: str = "",
    document_id: int | None = None,
    locale: str = "en",
    due_at: datetime | None = None,
    attachments: Sequence[Attachment] = (),
) -> Message:
    """Queue one mail in the caller's transaction; it leaves after the commit, or at `due_at`.

    A second call with the same `dedupe_key` queues nothing and gives back the first message.

    :raises MessageRefused: the address is none, or the subject is empty, too long or has a line break.
    """
    _check(to_address, subject)
    fresh = Message.objects.bulk_create(
        [
            Message(
                dedupe_key=dedupe_key,
                to_address=to_address,
                subject=subject,
                text=text,
                html=html,
                document_kind=document_kind,
                document_id=document_id,
                locale=locale,
                message_id=f"<{uuid4()}@{_domain()}>",
                due_at=due_at or Now(),
            )
        ],
        ignore_conflicts=True,
    )
    message = Message.objects.get(dedupe_key=dedupe_key)
    if message.message_id == fresh[0].message_id:
        _attach(message, attachments)
        _announce(message, actor, later=due_at is not None)
    return message


def send_message(message_id: int) -> None:
    """Send a queued message that is due; do nothing when it is sent, failed, early or being sent.

    Call it outside any transaction. A refusal for good marks the message failed and opens a case;
    everything else is tried again later, ten times in about a day.
    """
    if connection.in_atomic_block:
        raise RuntimeError("Messages are sent after the transaction, never inside one.")
    token = uuid4()
    message = _claim(message_id, token)
    if message is None:
        return
    if message.attempts > MAX_ATTEMPTS:
        _fail(message, token, "Sending was begun ten times and never came to an end.")
        return
    failpoint("message.claimed")
    try:
        _deliver(message)
    except Exception as error:  # noqa: BLE001 - a mail library may fail in any way; the row says how
        _give_up_or_wait(message, token, error)
        return
    failpoint("message.sent")
    _mark_sent(message, token)


def ring_due_messages(*, limit: int = 1_000) -> int:
    """Wake a worker for every message that is due and nobody sends; the sweeper's part."""
    free = _due().exclude(lease_until__gt=Now())
    ids = free.order_by("due_at", "id").values_list("pk", flat=True)
    rung = list(ids[:limit])
    for pk in rung:
        if not jobs.send(SEND_TASK, queue=QUEUE, message_id=pk):
            break
    return len(rung)


@transaction.atomic
def retry_message(*, message_id: int, actor: Actor) -> None:
    """Give a failed or bounced message ten new attempts and close its case.

    :raises Refusal: the message is not failed (any more).
    """
    undelivered = [Message.State.FAILED, Message.State.BOUNCED]
    found = Message.objects.filter(pk=message_id, state__in=undelivered)
    if not found.update(state=Message.State.QUEUED, attempts=0, due_at=Now(), lease_until=None):
        raise Refusal("Only a message that failed or bounced can be sent again.")
    message = Message.objects.get(pk=message_id)
    cases.close_case(_cause(message), actor=actor)
    _announce(message, actor, later=False, verb="message retried")


@transaction.atomic
def record_bounce(*, message_id_header: str, reason: str, actor: Actor) -> None:
    """Note that a sent message came back.

    :raises Refusal: no sent message has this Message-ID.
    """
    sent = Message.objects.filter(message_id=message_id_header, state=Message.State.SENT)
    if not sent.update(
        state=Message.State.BOUNCED, error=reason or "It came back without a reason."
    ):
        raise Refusal("No sent message has this Message-ID.")
    message = Message.objects.get(message_id=message_id_header)
    _open_case(message, "came back")
    _record(message, actor, "message bounced")


def _check(to_address: str, subject: str) -> None:
    try:
        validate_email(to_address)
    except ValidationError:
        raise MessageRefused("The mail address is missing or is none; correct it first.") from None
    if not subject.strip() or not subject.isprintable() or len(subject) > 255:
        raise MessageRefused("A mail needs a subject of one line with at most 255 characters.")


def _announce(message: Message, actor: Actor, *, later: bool, verb: str = "message queued") -> None:
    _record(message, actor, verb)
    if not later:
        jobs.enqueue(SEND_TASK, queue=QUEUE, message_id=message.pk)


def _record(message: Message, actor: Actor, verb: str) -> None:
    if message.document_id is not None:
        entry = activity.Entry(
            message.document_kind, message.document_id, verb, note=message.subject
        )
        activity.record_all([entry], actor=actor)


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"


def _claim(message_id: int, token: UUID) -> Message | None:
    free = models.Q(lease_until=None) | models.Q(lease_until__lt=Now())
    claimed = (
        _due()
        .filter(free, pk=message_id)
        .update(attempts=models.F("attempts") + 1, lease_until=Now() + LEASE, lease_token=token)
    )
    return Message.objects.get(pk=message_id) if claimed else None


def _due() -> models.QuerySet[Message]:
    """What may be sent now: its time has come, and the papers that go with it are drawn."""
    undrawn = MessageAttachment.objects.filter(message=models.OuterRef("pk"), paper__isnull=False)
    waits = models.Exists(undrawn.exclude(paper__state=Paper.State.READY))
    return Message.objects.filter(~waits, state=Message.State.QUEUED, due_at__lte=Now())


def _attach(message: Message, attachments: Sequence[Attachment]) -> None:
    MessageAttachment.objects.bulk_create(
        MessageAttachment(
            message=message,
            name=each.name,
            content_type=each.content_type,
            paper_id=each.paper_id,
            text=each.text,
        )
        for each in attachments
    )


def _deliver(message: Message) -> None:
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.to_address],
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for each in message.attachments.select_related("paper").order_by("pk"):
        content = read_paper(each.paper) if each.paper else each.text.encode()
        mail.attach(each.name, content, each.content_type)
    mail.send()


def _give_up_or_wait(message: Message, token: UUID, error: Exception) -> None:
    reason = _reason(error)
    if _is_final(error) or message.attempts >= MAX_ATTEMPTS:
        _fail(message, token, reason)
        return
    wait = min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
    _held(message, token).update(due_at=Now() + wait, lease_until=None, error=reason)


def _is_final(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500 and not isinstance(error, _ABOUT_THE_SERVER)
    return not isinstance(error, OSError)  # smtplib's own errors are OSErrors as well


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return f"{code} {_text(answer)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}".replace("\0", "")[:2000]


def _text(answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return text.replace("\0", "")[:2000]


def _mark_sent(message: Message, token: UUID) -> None:
    with transaction.atomic():
        _held(message, token).update(
            state=Message.State.SENT, sent_at=Now(), lease_until=None, error=""
        )
        cases.close_case(_cause(message))


def _fail(message: Message, token: UUID, reason: str) -> None:
    with transaction.atomic():
        if _held(message, token).update(state=Message.State.FAILED, lease_until=None, error=reason):
            _open_case(message, "could not be delivered")


def _held(message: Message, token: UUID) -> models.QuerySet[Message]:
    """The row while it is still ours: after the lease another worker may have taken it."""
    return Message.objects.filter(pk=message.pk, lease_token=token, state=Message.State.QUEUED)


def _open_case(message: Message, what_happened: str) -> None:
    # Neither the address nor the server's answer, which repeats it: cases hold no personal data.
    cases.open_case(
        kind="message_failed",
        dedupe_key=_cause(message),
        sentence=f"The mail “{message.subject}” {what_happened}.",
        proposed_fix="retry_message",
        document_kind=message.document_kind or "message",
        document_id=message.document_id or message.pk,
    )


def _cause(message: Message) -> str:
    return f"message:{message.pk}"
