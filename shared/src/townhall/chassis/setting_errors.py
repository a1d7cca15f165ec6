"""Why a setting is refused, as one sentence that follows the name of its variable."""

from pydantic_core import PydanticCustomError


def wrong(sentence: str) -> PydanticCustomError:
    """Return the error of a setting; the sentence never holds the value."""
    # The sentence goes in as context: a brace in it must not be read as a template.
    return PydanticCustomError("setting", "{sentence}", {"sentence": sentence})
