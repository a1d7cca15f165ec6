"""The steps of the demo in order."""

from townhall_local.client.api import Json
from townhall_local.demo.context import DemoContext
from townhall_local.demo.steps import committee, delivery, evaluation, forum, meeting, vote


async def run_steps(context: DemoContext) -> Json:
    """Run every step of the consultation; return the task with its complete timeline."""
    proposal_ids = await forum.run(context)
    context.output.section("회의 소집 · A sitting and a strategy meeting are scheduled")
    sitting_id = await committee.call(context)
    meeting_id = await meeting.call(context)
    task_id = await vote.run(context, proposal_ids)
    case_id = await committee.run(context, task_id, sitting_id)
    initiative_id = await meeting.run(context, case_id, meeting_id)
    await delivery.run(context, initiative_id)
    await evaluation.run(context, initiative_id)
    return await evaluation.evaluated(context, task_id)
