# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint` alone: what to do next in this folder."""

from __future__ import annotations

from zpmaint.app.next_step import next_steps
from zpmaint.cli.context import CommandContext


def show(context: CommandContext) -> None:
    """Print how things stand here and the commands that are next, what matters first."""
    advice = next_steps(context.project, context.reporter)
    for line in advice.standing:
        context.out.print(line, markup=False, soft_wrap=True)
    context.out.print("next:")
    width = max(len(step.command) for step in advice.steps)
    for step in advice.steps:
        context.out.print(f"  {step.command:<{width}}  {step.why}", markup=False, soft_wrap=True)
    context.out.print("all commands: zpmaint --help", markup=False)
