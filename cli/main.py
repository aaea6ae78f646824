"""The `perezvon` command."""

from __future__ import annotations

import typer

from cli import (
    callers,
    check,
    demo,
    do_not_call,
    doctor,
    explain,
    inbound,
    leads,
    ledger,
    live,
    orders,
    outbox,
    plan,
    run,
    schema,
    simulate,
    sounds,
    survey,
)

app = typer.Typer(
    help="Perezvon: a call-centre engine around Asterisk.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(check.check)
app.command()(schema.schema)
app.command()(explain.explain)
app.command()(plan.plan)
app.command()(plan.apply)
app.command()(plan.rollback)
app.command()(plan.history)
app.command()(plan.base)
app.command()(run.run)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.add_typer(leads.leads, name="leads")
app.add_typer(orders.orders, name="orders")
app.add_typer(outbox.outbox, name="outbox")
app.add_typer(do_not_call.dnc, name="dnc")
app.add_typer(ledger.ledger, name="ledger")
inbound.inbound.command("now")(live.callers_now)
app.add_typer(inbound.inbound, name="inbound")
app.add_typer(inbound.callbacks, name="callbacks")
app.add_typer(callers.callers, name="callers")
app.add_typer(survey.survey, name="survey")
app.add_typer(simulate.simulate, name="simulate")
app.add_typer(sounds.sounds, name="sounds")
app.add_typer(live.campaign, name="campaign")
app.add_typer(live.agents, name="agents")
app.command()(live.calls)
app.command()(live.why)
app.command()(live.status)
app.command("stop-all")(live.stop_all)


def main() -> None:
    """Entry point of the installed command."""
    app()


if __name__ == "__main__":
    main()


if __name__ == "__main__":
    main()
