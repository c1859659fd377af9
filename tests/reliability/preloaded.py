"""What the process that all others are forked from imports beforehand. It starts no thread and opens nothing."""

import mlinfra.cli.commands.apply
import mlinfra.cli.main
import mlinfra.cli.plans
import mlinfra.session.planfile
import mlinfra.session.session
import mlinfra.state.s3.store  # noqa: F401
