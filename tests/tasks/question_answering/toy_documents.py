"""Documents that the tests and their programs share."""

BODIES = {
    "cats": "Cats sleep most of the day. They hunt at night! A cat purrs when it is content.",
    "bank": "The bank opened a new branch. Customers run to it with their money. 3.5 percent interest is paid.",
    "酒店": "酒店的房间很大，服务也很好。早餐一般。下次还会来上海住这家酒店！",
    7: "A whole number is an id too. It stays a number.",
    "7": "A text that spells a number is another id.",
}


def many(count, *, first=0, version=0):
    """Documents of two passages, each with words of its own."""
    return [
        {"id": n, "text": f"Document number{n} tells of subject{n % 50} in version{version}. " * 35, "part": n % 3}
        for n in range(first, first + count)
    ]
