"""Writes tickets.jsonl: invented customer-service tickets, put together from parts; nobody's data.

Run it in this folder: python make_tickets.py. The same seed gives the same file on every machine.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

TICKETS, SENT_TWICE = 150, 6

PRODUCTS = (
    "the garden pump",
    "my reading lamp",
    "the folding bicycle",
    "a set of kitchen scales",
    "the wireless doorbell",
    "my standing desk",
    "the camping stove",
    "a pair of hiking boots",
    "the coffee grinder",
    "our label printer",
    "the aquarium heater",
    "my noise-cancelling headset",
)
OPENINGS = (
    "Hello, I ordered {product} {time} and {trouble}.",
    "Good morning. {Trouble} with {product}, which I bought {time}.",
    "I am writing about order {order}: {product} came {time}, but {trouble}.",
    "Can somebody help me? {Trouble}. It is about {product} from order {order}.",
    "This is the second time I get in touch. {Product} arrived {time} and {trouble}.",
    "Hi team, quick question on {product}, bought {time}: {trouble}.",
)
TIMES = (
    "last Tuesday",
    "three weeks ago",
    "on the first of the month",
    "before the holidays",
    "the day before yesterday",
    "in early spring",
    "about ten days ago",
)
TROUBLES = (
    "the parcel never reached me",
    "one of the screws is missing",
    "it stops after a few minutes",
    "the invoice shows the wrong address",
    "the colour is not the one on the page",
    "I was charged twice",
    "the display stays dark",
    "the cable is too short for our room",
    "it makes a rattling noise when it starts",
    "the discount code was not applied",
    "the manual is in a language I do not read",
    "the lid does not close any more",
)
TRIED = (
    "I have already switched it off and on again, without any change.",
    "The courier says that it was left with a neighbour, but nobody here has seen it.",
    "I looked through the help pages and found nothing that fits.",
    "A friend who knows about these things had a look and could not mend it either.",
    "I sent photographs with my first message; please tell me if you need others.",
    "Your chat told me to wait two working days, which are over now.",
    "",
    "",
)
WISHES = (
    "Please send me a replacement.",
    "I would like my money back.",
    "Could you tell me when I can expect an answer?",
    "A spare part would be enough for me.",
    "Please correct it and send a new confirmation.",
    "What do I have to do to return it?",
    "If it can be repaired, I would rather keep it.",
    "Please call me in the afternoon, I am at work before.",
)
REPLIES = (
    "Agent: Thank you for your message. The warehouse has it now; expect news by Friday.",
    "Agent: I am sorry about that. A replacement leaves our house today; you can keep the old one.",
    "Agent: We have refunded the amount. It takes three to five working days to show.",
    "Agent: Could you tell us the number on the back, so that we find the right part?",
    "Agent: The return label is attached. Any post office will take the parcel.",
    "Agent: Our records show a delivery to the side entrance. Could you check there again?",
    "",
)
CLOSINGS = ("Many thanks", "Kind regards", "Thank you for looking into it", "With best wishes", "")


def ticket(pick: random.Random) -> str:
    """One ticket of three to seven sentences."""
    product, trouble = pick.choice(PRODUCTS), pick.choice(TROUBLES)
    opening = pick.choice(OPENINGS).format(
        product=product,
        Product=product[0].upper() + product[1:],
        trouble=trouble,
        Trouble=trouble[0].upper() + trouble[1:],
        time=pick.choice(TIMES),
        order=pick.randrange(100_000, 999_999),
    )
    customer = " ".join(part for part in (opening, pick.choice(TRIED), pick.choice(WISHES)) if part)
    return "\n".join(
        part for part in (customer, pick.choice(CLOSINGS), pick.choice(REPLIES)) if part
    )


def main() -> None:
    """Write the tickets; a few are there twice, as in any real inbox."""
    pick = random.Random(7)
    texts: dict[str, None] = {}
    while len(texts) < TICKETS:
        texts[ticket(pick)] = None
    records = [*texts, *pick.sample(list(texts), SENT_TWICE)]
    lines = (json.dumps({"id": number, "text": text}) for number, text in enumerate(records))
    path = Path(__file__).with_name("tickets.jsonl")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(records)} tickets written to {path.name}")


if __name__ == "__main__":
    main()
