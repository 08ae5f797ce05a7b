"""A mail server that takes everything: `python -m benchmarks.sink`.

Prints its port, then answers SMTP as fast as Python can: it keeps no mail, and counts
them. On standard input it is asked for its figures: `count` prints how many mails came
since the last time and how many addresses got some, `addresses` how many each got. It
ends with its input.
"""

import asyncio
import json
import re
import sys

END = b"\r\n.\r\n"
RECIPIENT = re.compile(rb"(?i)rcpt to:\s*<([^>]*)>")


class Session(asyncio.Protocol):
    """One connection. Commands may come in one packet (PIPELINING)."""

    def __init__(self, seen: dict[bytes, int]):
        self.seen = seen
        self.buffer = bytearray()
        self.in_content = False
        self.searched = 0
        self.recipient = b""

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data):
        self.buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        """Handle one command or one content; whether there was a whole one."""
        if self.in_content:
            end = self.buffer.find(END, self.searched)
            if end < 0:
                self.searched = max(0, len(self.buffer) - len(END))
                return False
            del self.buffer[: end + len(END)]
            self.in_content = False
            self.seen[self.recipient] = self.seen.get(self.recipient, 0) + 1
            self.transport.write(b"250 taken\r\n")
            return True
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        command = line[:4].upper()
        if command == b"EHLO":
            answer = b"250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n"
        elif command == b"DATA":
            self.in_content, self.searched = True, 0
            answer = b"354 go\r\n"
        elif command == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
            return False
        else:
            if command == b"RCPT":
                self.recipient = RECIPIENT.match(line)[1]
            answer = b"250 ok\r\n"
        self.transport.write(answer)
        return True


async def main() -> None:
    seen: dict[bytes, int] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(seen), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while question := await loop.run_in_executor(None, sys.stdin.readline):
        if question == "addresses\n":
            print(json.dumps({key.decode(): seen[key] for key in seen}), flush=True)
        else:
            print(sum(seen.values()), len(seen), flush=True)
            seen.clear()


if __name__ == "__main__":
    asyncio.run(main())
