"""The whole performance: every act in order, then the timeline of the task as everybody can read it."""

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


def show_timeline(scene: Scene, task: Json) -> None:
    """Print the task's public timeline."""
    rows = [(str(fact["at"])[11:23], str(fact["source"]), str(fact["type"])) for fact in task["timeline"]]
    scene.stage.table(f"{task['title']}: {task['state']}", ("UTC", "service", "what happened"), rows)
