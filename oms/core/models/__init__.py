from oms.core.models.activity import Activity
from oms.core.models.case import Case
from oms.core.models.cost import CostEvent
from oms.core.models.idempotency import FormKey
from oms.core.models.imports import ImportBatch, ImportRow
from oms.core.models.job import Job
from oms.core.models.message import Message, MessageAttachment
from oms.core.models.numbering import Counter
from oms.core.models.outbox import Delivery, OutboxEvent
from oms.core.models.paper import Paper
from oms.core.models.place import Place
from oms.core.models.user import User

__all__ = [
    "Activity",
    "Case",
    "CostEvent",
    "Counter",
    "Delivery",
    "FormKey",
    "ImportBatch",
    "ImportRow",
    "Job",
    "Message",
    "MessageAttachment",
    "OutboxEvent",
    "Paper",
    "Place",
    "User",
]
