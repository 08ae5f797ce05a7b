"""A mail server that takes everything: `python -m benchmarks.sink`.

Prints its port, then answers SMTP as fast as Python can: it keeps no mail, and counts
them. The server shares the machine with what is measured and takes as little of it as
it can: each connection has a thread, which costs a fifth less than an event loop, reads
into the same memory again and again, and answers commands that come in one packet in
one (PIPELINING, RFC 2920).

On standard input it is asked for its figures: `count` prints how many mails came since
the last time and how many addresses got some, `addresses` how many each got. It ends
with its input.
"""

import json
import re
import socket
import sys
import threading

END = b"\r\n.\r\n"
RECIPIENT = re.compile(rb"(?i)rcpt to:\s*<([^>]*)>")
READ_BYTES = 1 << 18


class Inbox:
    """What came, by address."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen: dict[bytes, int] = {}

    def take(self, recipient: bytes) -> None:
        with self.lock:
            self.seen[recipient] = self.seen.get(recipient, 0) + 1

    def report(self, question: str) -> str:
        """The answer to `addresses` or `count`."""
        with self.lock:
            if question == "addresses":
                return json.dumps({key.decode(): self.seen[key] for key in self.seen})
            answer = f"{sum(self.seen.values())} {len(self.seen)}"
            self.seen.clear()
            return answer


class Session:
    """One connection."""

    def __init__(self, connection: socket.socket, inbox: Inbox):
        self.connection = connection
        self.inbox = inbox
        self.buffer = bytearray()
        self.memory = memoryview(bytearray(READ_BYTES))
        self.in_content = False
        self.searched = 0
        self.recipient = b""
        self.is_over = False

    def serve(self) -> None:
        with self.connection:
            try:
                self.connection.sendall(b"220 sink\r\n")
                while not self.is_over:
                    count = self.connection.recv_into(self.memory)
                    if not count:
                        return
                    self.buffer += self.memory[:count]
                    if answers := b"".join(iter(self._step, b"")):
                        self.connection.sendall(answers)
            except ConnectionError:  # its worker was killed
                return

    def _step(self) -> bytes:
        """Handle one command or content; the answer, or nothing if more must come."""
        if self.in_content:
            # From behind: nothing follows but the commands of the next mail.
            end = self.buffer.rfind(END, self.searched)
            if end < 0:
                self.searched = max(0, len(self.buffer) - len(END))
                return b""
            del self.buffer[: end + len(END)]
            self.in_content = False
            self.inbox.take(self.recipient)
            return b"250 taken\r\n"
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return b""
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        command = line[:4].upper()
        if command == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n"
        if command == b"DATA":
            self.in_content, self.searched = True, 0
            return b"354 go\r\n"
        if command == b"QUIT":
            self.is_over = True
            return b"221 bye\r\n"
        if command == b"RCPT":
            self.recipient = RECIPIENT.match(line)[1]
        return b"250 ok\r\n"


def accept(server: socket.socket, inbox: Inbox) -> None:
    while True:
        connection, _address = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(connection, inbox)
        threading.Thread(target=session.serve, daemon=True).start()


def main() -> None:
    inbox = Inbox()
    server = socket.create_server(("127.0.0.1", 0), backlog=100)
    threading.Thread(target=accept, args=(server, inbox), daemon=True).start()
    print(server.getsockname()[1], flush=True)
    for question in sys.stdin:
        print(inbox.report(question.strip()), flush=True)


if __name__ == "__main__":
    main()
