"""Mail that leaves the house: an outbox in the database, and a postman who empties it.

Whoever has something to tell puts it into the outbox, in the transaction in which it happened;
the postman of the engine brings it to the SMTP server, again and again until that takes it. ::

    outbox = Outbox(database)
    outbox.put("Ann <ann@example.com>", "Report of May", "See below.", [Attachment(...)])
"""

from callcenter.kernel.mail.model import Attachment, BadAddress, Mail, MailState, Smtp
from callcenter.kernel.mail.outbox import Outbox, put_mail
from callcenter.kernel.mail.postman import Postman

__all__ = [
    "Attachment",
    "BadAddress",
    "Mail",
    "MailState",
    "Outbox",
    "Postman",
    "Smtp",
    "put_mail",
]
