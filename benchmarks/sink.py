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
    """One connection: reads into the same memory, and keeps nothing of a mail."""

    def __init__(self, connection: socket.socket, inbox: Inbox):
        self.connection = connection
        self.inbox = inbox
        self.buffer = bytearray(READ_BYTES)
        self.memory = memoryview(self.buffer)
        self.filled = 0
        self.in_content = False
        self.recipient = b""
        self.is_over = False

    def serve(self) -> None:
        with self.connection:
            try:
                self.connection.sendall(b"220 sink\r\n")
                while not self.is_over:
                    count = self.connection.recv_into(self.memory[self.filled :])
                    if not count:
                        return
                    self.filled += count
                    if answers := b"".join(iter(self._step, b"")):
                        self.connection.sendall(answers)
            except ConnectionError:  # its worker was killed
                return

    def _step(self) -> bytes:
        """Handle one command or content; the answer, or nothing if more must come."""
        if self.in_content:
            # From behind: nothing follows but the commands of the next mail.
            end = self.buffer.rfind(END, 0, self.filled)
            if end < 0:
                self._keep(max(0, self.filled - len(END) + 1))
                return b""
            self._keep(end + len(END))
            self.in_content = False
            self.inbox.take(self.recipient)
            return b"250 taken\r\n"
        end = self.buffer.find(b"\r\n", 0, self.filled)
        if end < 0:
            return b""
        line = self.buffer[:end]
        self._keep(end + 2)
        command = line[:4].upper()
        if command == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n"
        if command == b"DATA":
            self.in_content = True
            return b"354 go\r\n"
        if command == b"QUIT":
            self.is_over = True
            return b"221 bye\r\n"
        if command == b"RCPT":
            self.recipient = bytes(RECIPIENT.match(line)[1])
        return b"250 ok\r\n"

    def _keep(self, start: int) -> None:
        """Forget what was read before `start`."""
        rest = self.buffer[start : self.filled]
        self.memory[: len(rest)] = rest
        self.filled = len(rest)


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
