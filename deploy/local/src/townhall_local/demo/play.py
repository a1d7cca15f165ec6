"""Every act in order, from the first proposal to the published evaluation."""

from townhall_local.client.api import Json
from townhall_local.demo.acts import committee, delivery, evaluation, forum, meeting, vote
from townhall_local.demo.scene import Scene


async def play(scene: Scene) -> Json:
    """Play the story. Gives the task as it is shown in the end."""
    proposal_ids = await forum.play(scene)
    scene.stage.act("회의 소집 · Bodies are called, with nothing on their agenda yet")
    sitting_id = await committee.call(scene)
    meeting_id = await meeting.call(scene)
    task_id = await vote.play(scene, proposal_ids)
    case_id = await committee.play(scene, task_id, sitting_id)
    initiative_id = await meeting.play(scene, case_id, meeting_id)
    await delivery.play(scene, initiative_id)
    await evaluation.play(scene, initiative_id)
    return await evaluation.evaluated(scene, task_id)
