import email
import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import Message as Mail
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from oms.core.actors import SYSTEM
from oms.core.exceptions import Refusal
from oms.core.messages import (
    Attachment,
    MessageRefused,
    queue_message,
    record_bounce,
    retry_message,
    ring_due_messages,
    send_message,
)
from oms.core.models.activity import Activity
from oms.core.models.case import Case
from oms.core.models.message import Message
from oms.core.models.paper import Paper

OK = "250 taken"


class Sink:
    """A real SMTP server on loopback that keeps what it takes and answers as told."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answer_rcpt = self.answer_data = OK

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.answer_rcpt == OK:
            envelope.rcpt_tos.append(address)
        return self.answer_rcpt

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer_data == OK:
            assert isinstance(envelope.content, bytes)
            self.mails.append(email.message_from_bytes(envelope.content))
        return self.answer_data


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def smtp(settings: Any) -> Iterator[Sink]:
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=_free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Brackenfold <orders@brackenfold.example>"
    yield sink
    controller.stop()


@pytest.fixture
def queued(transactional_db: None) -> Callable[..., Message]:
    def queue(**changes: Any) -> Message:
        return queue_message(
            **{
                "dedupe_key": "order-placed:7",
                "to_address": "desk@juniper.example",
                "subject": "Order SO-100007 is placed – thank you",
                "text": "We pack it today.\nÜber 12 €.",
                "document_kind": "order",
                "document_id": 7,
                "actor": SYSTEM,
            }
            | changes
        )

    return queue


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def make_due(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - timedelta(minutes=1))


def test_a_message_is_sent_once_with_its_own_message_id(
    queued: Callable[..., Message], smtp: Sink
) -> None:
    message = queued(html="<p>We pack it today.</p>")

    send_message(message.pk)
    send_message(message.pk)

    (mail,) = smtp.mails
    assert mail["Message-ID"] == message.message_id
    assert message.message_id.endswith("@brackenfold.example>")
    assert mail["To"] == "desk@juniper.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    sent = fresh(message)
    assert (sent.state, sent.attempts, sent.error) == ("sent", 1, "")
    assert sent.sent_at is not None


def test_the_same_key_queues_one_message(queued: Callable[..., Message]) -> None:
    first = queued()
    second = queued(subject="Another text")

    assert second.pk == first.pk
    assert Message.objects.get().subject == "Order SO-100007 is placed – thank you"
    assert Activity.objects.filter(document_kind="order", document_id=7).count() == 1


def test_a_change_that_is_rolled_back_sends_nothing(queued: Callable[..., Message]) -> None:
    with transaction.atomic():
        queued()
        transaction.set_rollback(True)

    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"to_address": ""},
        {"to_address": "nobody"},
        {"to_address": "a@b.example\nBcc: c@d.example"},
        {"subject": "Hello\nBcc: c@d.example"},
        {"subject": " "},
        {"subject": "x" * 256},
    ],
)
def test_what_cannot_be_sent_is_not_queued(
    queued: Callable[..., Message], wrong: dict[str, str]
) -> None:
    with pytest.raises(MessageRefused):
        queued(**wrong)

    assert not Message.objects.exists()
    assert not Activity.objects.exists()


def test_sending_inside_a_transaction_is_a_programming_error(
    queued: Callable[..., Message], smtp: Sink
) -> None:
    message = queued()

    with pytest.raises(RuntimeError, match="never inside one"), transaction.atomic():
        send_message(message.pk)

    assert fresh(message).state == "queued"
    assert smtp.mails == []


def test_a_message_waits_until_it_is_due(queued: Callable[..., Message], smtp: Sink) -> None:
    message = queued(due_at=timezone.now() + timedelta(seconds=60))

    send_message(message.pk)
    assert smtp.mails == []
    assert ring_due_messages() == 0

    make_due(message)
    assert ring_due_messages() == 1
    send_message(message.pk)
    assert len(smtp.mails) == 1


def test_files_go_with_a_message_and_it_waits_for_its_papers(
    queued: Callable[..., Message], smtp: Sink, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    paper = Paper.objects.create(kind="slip", document_kind="order", document_id=7)
    message = queued(
        attachments=[
            Attachment(name="slip.pdf", paper_id=paper.pk),
            Attachment(name="lines.csv", text="sku,quantity\nÄ-1,5\n", content_type="text/csv"),
        ]
    )
    send_message(message.pk)
    assert (smtp.mails, fresh(message).attempts, ring_due_messages()) == ([], 0, 0)

    pdf = b"%PDF-1.7 slip"
    Paper.objects.filter(pk=paper.pk).update(
        state="ready", ready_at=timezone.now(), size=len(pdf), pages=1,
        sha256=hashlib.sha256(pdf).hexdigest(),
        storage_key=default_storage.save("slip.pdf", ContentFile(pdf)),
    )  # fmt: skip
    send_message(message.pk)

    (mail,) = smtp.mails
    files = {part.get_filename(): part.get_payload(decode=True) for part in mail.walk()}
    assert files["slip.pdf"] == pdf
    csv = files["lines.csv"]
    assert isinstance(csv, bytes)
    assert csv.decode().splitlines() == ["sku,quantity", "Ä-1,5"]


@pytest.mark.parametrize("where", ["answer_rcpt", "answer_data"])
def test_not_now_is_tried_again_later_with_the_same_message_id(
    queued: Callable[..., Message], smtp: Sink, where: str
) -> None:
    message = queued()
    setattr(smtp, where, "451 mailbox busy")
    before = timezone.now()

    send_message(message.pk)

    waiting = fresh(message)
    assert (waiting.state, waiting.attempts, waiting.error) == ("queued", 1, "451 mailbox busy")
    assert timedelta(seconds=55) < waiting.due_at - before < timedelta(seconds=70)
    assert not Case.objects.exists()

    setattr(smtp, where, OK)
    make_due(message)
    send_message(message.pk)

    assert [mail["Message-ID"] for mail in smtp.mails] == [message.message_id]
    assert fresh(message).state == "sent"


@pytest.mark.parametrize("where", ["answer_rcpt", "answer_data"])
def test_never_is_final_and_becomes_a_case_without_the_address(
    queued: Callable[..., Message], smtp: Sink, where: str
) -> None:
    message = queued()
    setattr(smtp, where, "550 desk@juniper.example does not exist")

    send_message(message.pk)

    failed = fresh(message)
    assert (failed.state, failed.error) == ("failed", "550 desk@juniper.example does not exist")
    case = Case.objects.get()
    assert case.sentence == (
        "The mail “Order SO-100007 is placed – thank you” could not be delivered."
    )
    assert (case.document_kind, case.document_id, case.proposed_fix) == (
        "order",
        7,
        "retry_message",
    )
    send_message(message.pk)
    assert fresh(message).attempts == 1


def test_a_failed_message_is_sent_again_on_request(
    queued: Callable[..., Message], smtp: Sink
) -> None:
    message = queued()
    smtp.answer_rcpt = "550 no such user"
    send_message(message.pk)
    smtp.answer_rcpt = OK

    retry_message(message_id=message.pk, actor=SYSTEM)
    send_message(message.pk)

    assert fresh(message).state == "sent"
    assert Case.objects.get().closed_at is not None
    with pytest.raises(Refusal, match="Only a message that failed"):
        retry_message(message_id=message.pk, actor=SYSTEM)


def test_a_server_that_is_away_delays_and_the_tenth_time_fails(
    queued: Callable[..., Message], settings: Any, smtp: Sink
) -> None:
    message = queued()
    settings.EMAIL_PORT = 9

    for attempt in range(1, 11):
        assert (fresh(message).state, fresh(message).attempts) == ("queued", attempt - 1)
        make_due(message)
        send_message(message.pk)

    assert fresh(message).state == "failed"
    assert "ConnectionRefusedError" in fresh(message).error
    assert Case.objects.filter(closed_at=None).count() == 1


def test_a_message_in_other_hands_is_left_alone(queued: Callable[..., Message], smtp: Sink) -> None:
    message = queued()
    Message.objects.update(lease_until=timezone.now() + timedelta(minutes=5))

    send_message(message.pk)
    assert ring_due_messages() == 0

    assert smtp.mails == []
    assert fresh(message).attempts == 0


def test_a_message_that_kills_every_sender_fails(
    queued: Callable[..., Message], smtp: Sink
) -> None:
    message = queued()
    Message.objects.update(attempts=10)

    send_message(message.pk)

    assert smtp.mails == []
    assert fresh(message).state == "failed"


def test_a_bounce_is_noted_on_the_message_that_came_back(
    queued: Callable[..., Message], smtp: Sink
) -> None:
    message = queued()
    with pytest.raises(Refusal, match="No sent message"):
        record_bounce(message_id_header=message.message_id, reason="unknown", actor=SYSTEM)
    send_message(message.pk)

    record_bounce(message_id_header=message.message_id, reason="550 unknown", actor=SYSTEM)

    assert (fresh(message).state, fresh(message).error) == ("bounced", "550 unknown")
    assert Case.objects.get().sentence.endswith("came back.")


def test_the_table_refuses_a_failure_without_a_reason(queued: Callable[..., Message]) -> None:
    message = queued()

    with pytest.raises(IntegrityError, match="message_failed_says_why"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state="failed")


SEND = "import django; django.setup(); from oms.core.messages import send_message; send_message({})"


@pytest.mark.parametrize(("point", "mails"), [("message.claimed", 1), ("message.sent", 2)])
def test_a_killed_sender_loses_nothing_and_repeats_only_the_same_message_id(
    queued: Callable[..., Message], smtp: Sink, settings: Any, point: str, mails: int
) -> None:
    message = queued()
    killed = _send_in_a_child(message, settings, point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    send_message(message.pk)
    assert fresh(message).state == "queued"

    Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    send_message(message.pk)

    assert [mail["Message-ID"] for mail in smtp.mails] == [message.message_id] * mails
    assert (fresh(message).state, fresh(message).attempts) == ("sent", 2)


def _send_in_a_child(
    message: Message, settings: Any, point: str
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "EMAIL_URL": f"smtp://127.0.0.1:{settings.EMAIL_PORT}",
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "tests.settings"),
        "OMS_FAILPOINT": point,
    }
    return subprocess.run(
        [sys.executable, "-c", SEND.format(message.pk)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
