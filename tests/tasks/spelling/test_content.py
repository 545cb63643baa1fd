import pytest

from slmkit.tasks.spelling.content import keeping_content
from slmkit.tasks.spelling.edits import edits_between


def kept(text, better):
    edits = edits_between(text, better)
    assert edits
    keeping = keeping_content(text, edits)
    return [edit in keeping for edit in edits]


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("He go to school", "He goes to the school"),
        ("I am interested on music", "I am interested in music"),
        ("the the report", "the report"),
        ("I very like it", "I like it very"),
        ("I like very it much", "I very like it much"),
        ("Their is a dog", "There is a dog"),
        ("He recieved it", "He received it"),
        ("a lot of peoples", "a lot of people"),
        ("it is alot", "it is a lot"),
        ("hello world", "Hello, world."),
        ("他高兴的说", "他高兴地说"),
        ("这个问题涉及到很多人", "这个问题涉及很多人"),
        ("他大约差不多八点来", "他大约八点来"),
        ("我吃饭以后去学校", "我吃了饭以后去学校"),
    ],
)
def test_what_only_mends_the_wording_is_kept(text, better):
    assert all(kept(text, better))


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("I need help with the report", "I need help with the"),
        ("I need help with the report", "I need the report"),
        ("She is happy", "She is not happy"),
        ("He bought a red car", "He bought a car"),
        ("He bought a car", "He bought a fine car"),
        ("We met the teacher", "We met the doctor"),
        ("Yesterday went home", "Yesterday he went home"),
        ("他不喜欢这本书", "他喜欢这本书"),
        ("他喜欢红色的书", "他喜欢书"),
        ("差不多八点来", "八点来"),
        ("他打人", "他被打人"),
    ],
)
def test_what_changes_what_is_said_is_not(text, better):
    assert not all(kept(text, better))


def test_a_character_gives_way_only_to_one_that_sounds_nearly_alike():
    pytest.importorskip("pypinyin")
    assert kept("我门去学校", "我们去学校") == [True]
    assert kept("他在那里", "他在哪里") == [True]
    assert kept("我爱猫", "我爱狗") == [False]
    assert kept("一个马", "一辆马") == [True]
