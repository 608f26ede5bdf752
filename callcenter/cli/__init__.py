"""The ``callcenter`` command: thin, one file per room.

What concerns running calls is asked of the engine over its API (``callcenter.web.client``); only
starting things, the database and the embedded PBX are done here. Heavy modules are imported inside
the commands, so that help and completion are quick.
"""

import click

import callcenter
import callcenter.cli.supervise
from callcenter.cli.audit import audit
from callcenter.cli.call import call
from callcenter.cli.cdr import cdr
from callcenter.cli.completion import completion
from callcenter.cli.db import db
from callcenter.cli.demo import demo
from callcenter.cli.engine import reload, status, stop, up
from callcenter.cli.flow_show import flow
from callcenter.cli.hours import hours
from callcenter.cli.line import line
from callcenter.cli.lists import lists
from callcenter.cli.mail import mail
from callcenter.cli.member import member
from callcenter.cli.number import number, tenant
from callcenter.cli.pbx import pbx
from callcenter.cli.prompt import prompt
from callcenter.cli.queue import queue
from callcenter.cli.recording import recording
from callcenter.cli.region import region
from callcenter.cli.report import report
from callcenter.cli.route import route
from callcenter.cli.seat import seat
from callcenter.cli.sim import sim
from callcenter.cli.survey import survey
from callcenter.cli.token import token
from callcenter.cli.told import Sentences
from callcenter.cli.top import top
from callcenter.cli.voicemail import voicemail

__all__ = ["main"]


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(callcenter.__version__, message="callcenter %(version)s")
@click.option("--engine", metavar="URL", help="Ask the engine at this address (needs a token).")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
def main(**_options: object) -> None:
    """A call-center engine on a real Asterisk.

    Settings come from callcenter.toml and from variables named CALLCENTER_...
    """


for _command in (
    up,
    status,
    stop,
    reload,
    seat,
    queue,
    number,
    tenant,
    lists,
    line,
    member,
    token,
    audit,
    region,
    hours,
    route,
    report,
    flow,
    prompt,
    voicemail,
    recording,
    survey,
    mail,
    call,
    cdr,
    pbx,
    db,
    demo,
    completion,
    sim,
    top,
):
    main.add_command(_command)
