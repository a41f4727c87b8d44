#!/usr/bin/python3
"""A client in Python, written from docs/protocol.md alone. Usage: client.py URL"""
import asyncio, base64, datetime, itertools, json, sys, websockets

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
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (tag := next(iter(value))) in TAGS:
        return TAGS[tag](value[tag])
    return {key: revive(item) for key, item in value.items()}


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.details = error["code"], error.get("details", [])


class Client:
    """A connection, the answers that it waits for, and a queue of messages for each stream."""

    def __init__(self, socket):
        self.socket, self.ids, self.answers = socket, itertools.count(1), {}
        self.sent, self.flows, self.inboxes = {}, {}, {}

    async def ask(self, **frame):
        """Sends a frame with an id; returns the frame that answers it."""
        number = next(self.ids)
        self.answers[number] = asyncio.get_running_loop().create_future()
        if frame["t"] == "message":
            self.sent.setdefault(frame["endpoint"], []).append(number)
        await self.socket.send(json.dumps({**frame, "id": number}))
        return await self.answers[number]

    def inbox(self, endpoint):
        return self.inboxes.setdefault(endpoint, asyncio.Queue())

    async def read(self):
        async for text in self.socket:
            frame = json.loads(text)
            kind, endpoint, number = frame["t"], frame.get("endpoint"), frame.get("id")
            if kind == "ping":
                await self.socket.send('{"t":"pong"}')
            elif kind in ("message", "publication"):
                for stream in [endpoint] if endpoint else self.flows.get(frame["channel"], ()):
                    self.inbox(stream).put_nowait((frame["type"], revive(frame["data"])))
            elif kind == "subscribed":
                self.flows.setdefault(frame["channel"], set()).add(endpoint)
            elif kind == "unsubscribed":
                self.flows.get(frame["channel"], set()).discard(endpoint)
            elif kind == "ack":  # for all up to this one that had no error
                until = self.sent[endpoint].index(number) + 1
                for handled in self.sent[endpoint][:until]:
                    self.settle(handled, frame)
                del self.sent[endpoint][:until]
            elif number is not None:  # opened, closed, authenticated, error
                self.settle(number, frame)

    def settle(self, number, frame):
        answer = self.answers.pop(number, None)
        if answer and frame["t"] == "error":
            answer.set_exception(Refused(frame["error"]))
        elif answer:
            answer.set_result(frame)


async def main(url):
    async with websockets.connect(url, subprotocols=["nestwire.v1.json"]) as socket:
        await socket.send(json.dumps({"t": "hello", "v": 1, "token": "ann"}))
        print("welcome", json.loads(await socket.recv())["user"])
        client = Client(socket)
        client.reading = asyncio.ensure_future(client.read())
        await client.ask(t="open", endpoint="desk")
        note = {"t": "message", "endpoint": "desk", "type": "desk.note"}
        notes = [client.ask(**note, data={"text": text, "price": {"cents": 5}}) for text in ("one", "two")]
        print("answers", *[answer["t"] for answer in await asyncio.gather(*notes)])
        print("messages", await client.inbox("desk").get(), await client.inbox("desk").get())
        try:
            await client.ask(**note, data={"text": 7, "price": {"cents": "five"}})
        except Refused as refused:
            print("error", refused.code, *[detail["path"] for detail in refused.details])
        await client.ask(t="message", endpoint="desk", type="desk.announcement", data={"text": "to all"})
        print("publication", await client.inbox("desk").get())
        print("closed", (await client.ask(t="close", endpoint="desk"))["reason"]["code"])


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 20))
