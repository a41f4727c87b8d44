#!/usr/bin/python3
"""A client in Python, written from docs/protocol.md alone. Usage: client.py URL [json | msgpack]"""
import asyncio, base64, collections, datetime, itertools, json, sys, websockets

if "msgpack" in sys.argv:
    import msgpack

CODECS = {
    "json": (lambda frame: json.dumps(frame, default=lambda data: {"$bytes": base64.b64encode(data).decode()}), json.loads),
    "msgpack": (lambda frame: msgpack.packb(frame), lambda data: msgpack.unpackb(data, timestamp=3)),
}

TAGS = {
    "$date": lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")),
    "$bigint": int,
    "$bytes": base64.b64decode,
    "$set": lambda items: [revive(item) for item in items],  # a list: items need not be hashable
    "$map": lambda pairs: [(revive(key), revive(value)) for key, value in pairs],
    "$number": float,
    "$plain": lambda fields: {key: revive(value) for key, value in fields.items()},
}


def revive(value):
    if isinstance(value, list):
        return [revive(item) for item in value]
    tag = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
    if tag in TAGS:
        return TAGS[tag](value[tag])
    return {key: revive(item) for key, item in value.items()} if isinstance(value, dict) else value


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.details = error["code"], error.get("details", [])


class Client:
    """A connection, the answers that it waits for, and a queue of messages for each stream."""

    def __init__(self, socket, codec):
        self.socket, self.ids, self.answers = socket, itertools.count(1), {}
        self.sent, self.flows, self.inboxes = {}, {}, collections.defaultdict(asyncio.Queue)
        self.encode, self.decode = CODECS[codec]

    async def ask(self, **frame):
        """Sends a frame with an id; returns the frame that answers it."""
        number = next(self.ids)
        self.answers[number] = asyncio.get_running_loop().create_future()
        if frame["t"] == "message":
            self.sent.setdefault(frame["stream"], []).append(number)
        await self.socket.send(self.encode({**frame, "id": number}))
        return await self.answers[number]

    async def read(self):
        async for payload in self.socket:
            frame = self.decode(payload)
            kind, stream, number = frame["t"], frame.get("stream"), frame.get("id")
            if kind == "ping":
                await self.socket.send(self.encode({"t": "pong"}))
            elif kind == "request":  # its text is answered by the same in capitals
                answer = {"type": "desk.answer", "data": {"text": frame["data"]["text"].upper()}}
                await self.socket.send(self.encode({"t": "response", "request": number, **answer}))
            elif kind in ("message", "publication"):
                for receiver in [stream] if stream else self.flows.get(frame["channel"], ()):
                    self.inboxes[receiver].put_nowait((frame["type"], revive(frame["data"])))
            elif kind == "subscribed":
                self.flows.setdefault(frame["channel"], set()).add(stream)
            elif kind == "unsubscribed":
                self.flows.get(frame["channel"], set()).discard(stream)
            elif kind == "ack":  # for all up to this one that had no error
                until = self.sent[stream].index(number) + 1
                for handled in self.sent[stream][:until]:
                    self.settle(handled, frame)
                del self.sent[stream][:until]
            elif number is not None:  # opened, closed, authenticated, error
                self.settle(number, frame)

    def settle(self, number, frame):
        answer = self.answers.pop(number, None)
        if answer and frame["t"] == "error":
            answer.set_exception(Refused(frame["error"]))
        elif answer:
            answer.set_result(frame)


async def main(url, codec="json"):
    async with websockets.connect(url, subprotocols=[f"nestwire.v1.{codec}"]) as socket:
        client = Client(socket, codec)
        await socket.send(client.encode({"t": "hello", "v": 1, "token": "ann"}))
        print("welcome", (welcome := client.decode(await socket.recv()))["user"], type(welcome["contract"]).__name__)
        client.reading = asyncio.ensure_future(client.read())
        await client.ask(t="open", endpoint="desk")
        note = {"t": "message", "stream": "desk", "type": "desk.note"}
        price = {"cents": 5, "seal": b"\x00\xff"}
        notes = [client.ask(**note, data={"text": text, "price": price}) for text in ("one", "two")]
        print("answers", *[answer["t"] for answer in await asyncio.gather(*notes)])
        inbox = client.inboxes["desk"]
        print("messages", await inbox.get(), await inbox.get())
        try:
            await client.ask(**note, data={"text": 7, "price": {"cents": "five"}})
        except Refused as refused:
            print("error", refused.code, *[detail["path"] for detail in refused.details])
        await client.ask(t="message", stream="desk", type="desk.announcement", data={"body": "to all"})
        print("publication", await inbox.get())
        print("closed", (await client.ask(t="close", stream="desk"))["reason"]["code"])


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 20))
